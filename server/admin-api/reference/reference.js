// The reference of the admin API, made from /api/v1/openapi.json. Texts reach the page as text only, never as HTML.
'use strict'

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

function element(name, attributes, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

function follow(api, object) {
  return object && object.$ref ? object.$ref.slice(2).split('/').reduce((at, part) => at[part], api) : object
}

/** "string", "User[]", "session | token": what a person calls the type of a schema. */
function typeText(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop()
  if (schema.enum) return schema.enum.filter((word) => word !== null).join(' | ')
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' | ')
  if (schema.type === 'array') return typeText(schema.items) + '[]'
  return [schema.format === 'date-time' ? 'date-time' : schema.type ?? 'any'].flat().filter((type) => type !== 'null').join(' | ')
}

function row(name, isNeeded, schema, meaning) {
  return element('tr', {},
    element('td', {}, element('code', isNeeded ? { class: 'needed', title: 'needed' } : {}, name)),
    element('td', {}, typeText(schema)), element('td', {}, meaning ?? ''))
}

function propertyRows(api, schema, seen = []) {
  const rows = []
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    rows.push(row(name, (schema.required ?? []).includes(name), property, property.description))
    const inner = property.type === 'array' ? property.items : property
    if (!inner.$ref || seen.includes(inner.$ref)) continue
    for (const below of propertyRows(api, follow(api, inner), [...seen, inner.$ref])) {
      const code = below.querySelector('code')
      code.textContent = name + (property.type === 'array' ? '[].' : '.') + code.textContent
      rows.push(below)
    }
  }
  return rows
}

function section(heading, rows) {
  return rows.length === 0 ? [] : [element('h3', {}, heading), element('table', {}, element('tbody', {}, ...rows))]
}

function contentRows(api, content) {
  if (!content) return []
  const [type, { schema }] = Object.entries(content)[0]
  return schema.$ref ? propertyRows(api, follow(api, schema), [schema.$ref]) : [row(type, true, schema, 'Bytes.')]
}

function curlText(api, method, path, operation) {
  const lines = [`curl -H "Authorization: Bearer $TOKEN"`]
  if (method !== 'get') lines[0] += ` -X ${method.toUpperCase()}`
  if ((operation.parameters ?? []).some((one) => one.$ref?.endsWith('/If-Match'))) lines.push(`-H 'If-Match: "..."'`)
  const body = operation.requestBody?.content['application/json']
  if (body) {
    const schema = follow(api, body.schema)
    const needed = schema.required ?? Object.keys(schema.properties).slice(0, 1)
    const example = Object.fromEntries(needed.map((name) => [name, exampleOf(follow(api, schema.properties[name]))]))
    lines.push(`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(example)}'`)
  }
  lines.push(`https://HOST/api/v1${path}`)
  return lines.join(' \\\n  ')
}

function exampleOf(schema) {
  const type = [schema.type].flat()[0]
  return schema.enum ? schema.enum[0] : type === 'integer' ? 0 : type === 'boolean' ? true : type === 'array' ? [] : '...'
}

function rightText(right) {
  if (!right) return 'Nobody needs to be logged in.'
  if (!right.permission) return 'Everybody who is logged in; what there is to see depends on who asks.'
  return `${right.permission}, on: ${right.on}${right.own ? ', or one’s own' : ''}`
}

function about(api, method, path, operation) {
  const parameters = (operation.parameters ?? []).map((one) => follow(api, one))
  const audit = (operation['x-audit'] ?? []).map((action) => row(action, false, { type: 'string' }, api['x-audit'][action].en))
  const answers = Object.entries(operation.responses).filter(([status]) => status !== 'default')
  return element('div', { class: 'about' },
    element('h3', {}, 'Who may'), element('p', {}, rightText(operation['x-right'])),
    ...section('Parameters', parameters.map((one) => row(one.name, one.required, one.schema, `${one.in}: ${one.description ?? ''}`))),
    ...section('Body', contentRows(api, operation.requestBody?.content)),
    ...answers.flatMap(([status, answer]) => [
      element('h3', {}, `Answer ${status}`), element('p', {}, answer.description),
      ...section('', contentRows(api, answer.content)).slice(1)]),
    ...section('In the audit', audit),
    element('h3', {}, 'With curl'), element('pre', {}, curlText(api, method, path, operation)))
}

function operationElement(api, method, path, operation) {
  const made = element('details', { id: operation.operationId },
    element('summary', {}, element('span', { class: `method ${method}` }, method.toUpperCase()),
      element('code', {}, path), element('span', {}, operation.summary)))
  made.dataset.words = searchText(api, method, path, operation)
  made.addEventListener('toggle', () => {
    if (made.open && made.children.length === 1) made.append(about(api, method, path, operation))
  })
  return made
}

function searchText(api, method, path, operation) {
  const body = operation.requestBody?.content['application/json']
  return [method, path, operation.summary, operation['x-right']?.permission, ...(operation['x-audit'] ?? []),
    ...(operation.parameters ?? []).map((one) => follow(api, one).name),
    ...Object.keys(body ? follow(api, body.schema).properties : {})].join(' ').toLowerCase()
}

function show(api) {
  const main = document.getElementById('operations')
  const nav = document.getElementById('tags')
  const sections = api.tags.map((tag) => {
    const operations = Object.entries(api.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]?.tags[0] === tag.name)
        .map((method) => operationElement(api, method, path, item[method])))
    nav.append(element('a', { href: `#tag-${tag.name}` }, tag.name))
    return element('section', {}, element('h2', { id: `tag-${tag.name}` }, tag.name), element('p', {}, tag.description), ...operations)
  })
  const nothing = element('p', { class: 'nothing', hidden: '' }, 'Nothing here has all of these words.')
  main.replaceChildren(element('p', {}, api.info.description), nothing, ...sections)
  document.getElementById('search').addEventListener('input', (event) => filter(event.target.value, sections, nothing))
  openAddressed()
  window.addEventListener('hashchange', openAddressed)
}

function filter(text, sections, nothing) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  for (const section of sections) {
    const operations = [...section.querySelectorAll('details')]
    for (const one of operations) one.hidden = !words.every((word) => one.dataset.words.includes(word))
    section.hidden = operations.every((one) => one.hidden)
  }
  nothing.hidden = sections.some((section) => !section.hidden)
}

function openAddressed() {
  const found = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (found instanceof HTMLDetailsElement) found.open = true
  found?.scrollIntoView()
}

fetch('/api/v1/openapi.json').then((answer) => answer.json()).then(show, () => {
  document.getElementById('operations').textContent = 'The document could not be read. Reload this page.'
})
