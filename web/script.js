'use strict';

const byId = (id) => document.getElementById(id);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// --- Try it ---

const form = byId('form');
const route = () => form.elements.route.value;

function showFormFor(path) {
  byId('text-label').textContent = path === '/search' ? 'Query' : 'Question';
  byId('thorough-label').classList.toggle('gone', path !== '/ask');
}

function requestBody(path) {
  const count = Number(byId('count').value);
  const text = byId('text').value || byId('text').placeholder;
  if (path === '/search') return { query: text, top_k: count };
  const body = { question: text, max_context_chunks: count };
  if (path === '/ask') body.fast_mode = !byId('thorough').checked;
  return body;
}

function requestHeaders() {
  const headers = { 'Content-Type': 'application/json' };
  if (byId('key').value) headers['X-API-Key'] = byId('key').value;
  if (byId('fresh').checked) headers['Cache-Control'] = 'no-cache';
  return headers;
}

function badge(id, text, kind) {
  byId(id).textContent = text;
  byId(id).className = 'badge ' + kind;
}

function milliseconds(value) {
  return value < 10 ? value.toFixed(1) + ' ms' : Math.round(value) + ' ms';
}

function answerParagraph(text) {
  const paragraph = element('p', 'answer');
  for (const piece of text.split(/(\[\d+\])/)) {
    paragraph.append(/^\[\d+\]$/.test(piece) ? element('sup', '', piece) : piece);
  }
  return paragraph;
}

function confidenceMeter(reply) {
  const meter = element('div', 'meter');
  const bar = element('i');
  bar.style.setProperty('--part', Math.round((reply.confidence || 0) * 100) + '%');
  const confidence = reply.confidence === null ? 'unknown' : reply.confidence.toFixed(2);
  meter.append('confidence ' + confidence, bar, reply.context_used + ' passages, ' + reply.retrieval);
  return meter;
}

function answerView(reply) {
  const view = element('div');
  view.append(answerParagraph(reply.answer));
  const sources = element('ol', 'sources');
  for (const source of reply.sources) sources.append(element('li', '', source));
  if (reply.sources.length) view.append(sources);
  view.append(confidenceMeter(reply));
  return view;
}

function hitView(hit) {
  const view = element('div', 'hit');
  const page = hit.page === null ? '' : ', page ' + hit.page;
  view.append(element('h3', '', hit.section || hit.source));
  view.append(element('p', 'where', hit.source + page + ' · score ' + hit.score.toFixed(2)));
  view.append(element('p', '', hit.text));
  return view;
}

function searchView(reply) {
  const view = element('div');
  for (const hit of reply.results) view.append(hitView(hit));
  if (!reply.results.length) view.append(element('p', 'answer', 'No passage fits.'));
  return view;
}

function refusalView(reply) {
  const detail = reply && reply.detail;
  const problems = Array.isArray(detail)
    ? detail.map((each) => each.loc.join('.') + ': ' + each.msg).join('\n')
    : typeof detail === 'string' ? detail : JSON.stringify(detail);
  return element('p', 'answer bad', problems);
}

function showFacts(response, elapsed) {
  const cache = response.headers.get('X-Cache') || '';
  badge('cache', cache, cache === 'HIT' ? 'good' : 'warn');
  badge('code', String(response.status), response.ok ? '' : 'bad');
  byId('server-time').textContent = response.headers.get('X-Response-Time') || '?';
  byId('round-trip').textContent = milliseconds(elapsed);
  const age = response.headers.get('X-Cache-Age');
  byId('age-fact').hidden = age === null;
  byId('age').textContent = age + ' s';
}

function showReading(path, response, reply) {
  const view = !response.ok ? refusalView(reply) : path === '/search' ? searchView(reply) : answerView(reply);
  byId('reading').replaceChildren(view);
  const headers = [...response.headers].map(([name, value]) => name + ': ' + value).join('\n');
  byId('received').textContent =
      'HTTP ' + response.status + '\n' + headers + '\n\n' + JSON.stringify(reply, null, 2);
}

async function send(event) {
  event.preventDefault();
  const path = route();
  const body = JSON.stringify(requestBody(path));
  const button = form.querySelector('button');
  button.disabled = true;
  byId('sent').textContent = 'POST ' + path + '\n\n' + body;
  try {
    const started = performance.now();
    const response = await fetch(path, { method: 'POST', headers: requestHeaders(), body });
    const text = await response.text();
    showFacts(response, performance.now() - started);
    showReading(path, response, JSON.parse(text));
  } catch (error) {
    badge('cache', '', '');
    badge('code', 'no answer', 'bad');
    byId('reading').replaceChildren(element('p', 'answer bad', String(error)));
  }
  byId('outcome').hidden = false;
  button.disabled = false;
}

// --- Reference, from /openapi.json ---

let description = {};

function resolved(part) {
  if (!part || !part.$ref) return part || {};
  return part.$ref.split('/').slice(1).reduce((place, key) => place[key], description);
}

function kindOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop();
  const types = [].concat(schema.type || (schema.const !== undefined ? 'string' : 'any'));
  let kind = types.join(' or ');
  if (schema.items) kind += ' of ' + kindOf(schema.items);
  if (schema.enum) kind += ': ' + schema.enum.join(', ');
  if (schema.minimum !== undefined) kind += ' ' + schema.minimum + '..' + schema.maximum;
  if (schema.default !== undefined) kind += ', default ' + JSON.stringify(schema.default);
  return kind;
}

function row(name, kind, text) {
  const line = element('tr');
  const first = element('td');
  first.append(element('code', '', name));
  const second = element('td');
  second.append(element('span', 'kind', kind), text ? element('div', '', text) : '');
  line.append(first, second);
  return line;
}

function fieldTable(schema) {
  const table = element('table');
  const required = schema.required || [];
  for (const [name, field] of Object.entries(schema.properties || {})) {
    table.append(row(name, kindOf(field) + (required.includes(name) ? ', required' : ''), resolved(field).description));
  }
  return table;
}

function jsonSchema(part) {
  const json = part && part.content && part.content['application/json'];
  return json ? resolved(json.schema) : null;
}

function titled(title, content) {
  const fragment = document.createDocumentFragment();
  fragment.append(element('h4', '', title), content);
  return fragment;
}

function responsesTable(responses) {
  const table = element('table');
  for (const [status, response] of Object.entries(responses)) {
    table.append(row(status, '', resolved(response).description));
  }
  return table;
}

function routeView(path, method, operation) {
  const view = element('details', 'route');
  const head = element('summary');
  head.append(element('span', 'badge method ' + method, method.toUpperCase()),
              element('span', 'path', path), element('span', 'what', operation.summary));
  const inside = element('div', 'inside');
  if (operation.description) inside.append(element('p', '', operation.description));
  const request = jsonSchema(operation.requestBody);
  if (request) inside.append(titled('Request body', fieldTable(request)));
  const parameters = (operation.parameters || []).map(resolved);
  if (parameters.length) {
    const table = element('table');
    for (const each of parameters) table.append(row(each.name, each.in + ', ' + kindOf(each.schema), each.description));
    inside.append(titled('Parameters', table));
  }
  const answer = jsonSchema(operation.responses['200']);
  if (answer && answer.properties) inside.append(titled('Answer', fieldTable(answer)));
  inside.append(titled('Status', responsesTable(operation.responses)));
  view.append(head, inside);
  return view;
}

function showReference() {
  const place = byId('routes');
  for (const tag of description.tags) {
    place.append(element('h3', 'group', tag.name));
    if (tag.description) place.append(element('p', 'about', tag.description));
    for (const [path, methods] of Object.entries(description.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.tags.includes(tag.name)) place.append(routeView(path, method, operation));
      }
    }
  }
  byId('version').textContent = description.info.version;
  byId('summary').textContent = description.info.summary;
}

async function loadReference() {
  try {
    description = await (await fetch('/openapi.json')).json();
    showReference();
  } catch (error) {
    byId('reference-trouble').hidden = false;
    byId('reference-trouble').textContent = 'The description could not be loaded: ' + error;
  }
}

async function loadHealth() {
  const line = byId('health');
  try {
    const health = await (await fetch('/health')).json();
    const good = health.status === 'healthy';
    line.className = 'health ' + (good ? 'good' : 'warn');
    line.textContent = good
      ? health.vector_store.total_documents + ' documents, up ' + health.uptime_human
      : health.error;
  } catch (error) {
    line.className = 'health bad';
    line.textContent = 'no answer from the server';
  }
}

form.addEventListener('submit', send);
form.addEventListener('change', () => showFormFor(route()));
byId('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit();
  }
});
// /docs?q=… is a question one can send to somebody.
const asked = new URLSearchParams(location.search).get('q');
if (asked) {
  byId('text').value = asked;
  form.requestSubmit();
}
showFormFor(route());
loadReference();
loadHealth();
