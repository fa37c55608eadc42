"""RestStore against the real server."""


def test_server_is_there(client):
    assert client.get_experiment("0").name == "Default"
