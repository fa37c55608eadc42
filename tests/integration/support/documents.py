"""A small invented corpus, so that no answer can come from anywhere else."""

DOCUMENTS = {
    "mountains.md": """# Mountains of the Velar range

## Mount Aria

Mount Aria is 4121 metres high. It was first climbed in 1897 by Lena Brandt, who started from the
village of Osk and needed three days.

## Mount Belo

Mount Belo is 3870 metres high. Its northern glacier lost half of its length between 1950 and 2010.
""",
    "harbours.md": """# Harbours

## Portwin

The harbour of Portwin has a tidal range of 7.3 metres, the largest on the southern coast. Ferries to
Calder island leave every 40 minutes in summer.

## Calder island

The lighthouse of Calder island was built in 1862 and burns a lamp of 2000 watts.
""",
    "cheese.html": """<!doctype html><html><head><title>Cheese of the valley</title></head><body>
<h1>Cheese of the valley</h1>
<h2>Cardon</h2><p>Cardon cheese ripens for fourteen months in limestone caves. Its rind is washed with
cider once a week.</p>
<h2>Brell</h2><p>Brell is a soft cheese made from the milk of goats and is eaten within ten days.</p>
</body></html>
""",
    "engine.txt": """The T7 steam engine

The boiler of the T7 engine works at a pressure of 14 bar. The safety valve opens at 15 bar.

The T7 engine was withdrawn from service in 1974 after the depot at Halden burned down.
""",
    "people.jsonl": """{"_id": "person-1", "title": "Ida Moll", "text": "Ida Moll invented the folding sextant in 1911.", "country": "Velar"}
{"_id": "person-2", "title": "Tomas Reck", "text": "Tomas Reck drew the first geological map of the Velar range.", "country": "Osk"}
""",
}


def write_documents(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
