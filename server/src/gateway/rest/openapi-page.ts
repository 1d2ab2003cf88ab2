import { escapeHtml } from '../escape-html.ts'

/** The parts of an OpenAPI document that the page shows. */
interface Shown {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, ShownOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}

interface ShownOperation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security?: readonly unknown[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: unknown
    readonly description?: string
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> }
  readonly responses: Readonly<
    Record<string, { readonly description?: string; readonly content?: Readonly<Record<string, { readonly schema: unknown }>> }>
  >
}

interface Entry {
  readonly verb: string
  readonly path: string
  readonly operation: ShownOperation
}

/** The API as a page to read: no script, nothing inline, so that the strictest policy lets it be. */
export function openApiPage(document: Record<string, unknown>): string {
  const { info, paths, components } = document as unknown as Shown
  const entries = Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]): Entry => ({ verb: verb.toUpperCase(), path, operation })),
  )
  const tags = [...new Set(entries.map(({ operation }) => operation.tags[0] ?? ''))]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(info.title)}: the API</title>
<link rel="stylesheet" href="openapi.css">
</head>
<body>
<header>
<h1>${escapeHtml(info.title)} <small>${escapeHtml(info.version)}</small></h1>
<p>${escapeHtml(info.description)} The same as <a href="openapi.json">OpenAPI 3.1</a>.</p>
</header>
<nav aria-label="Operations">
${tags.map(tag => `<h2>${escapeHtml(tag)}</h2>\n<ul>\n${entriesOf(entries, tag).map(link).join('\n')}\n</ul>`).join('\n')}
<h2>schemas</h2>
<ul>
${Object.keys(components.schemas)
  .map(name => `<li><a href="#schema-${escapeHtml(name)}">${escapeHtml(name)}</a></li>`)
  .join('\n')}
</ul>
</nav>
<main>
${tags.flatMap(tag => entriesOf(entries, tag).map(section)).join('\n')}
${Object.entries(components.schemas)
  .map(([name, schema]) => `<section id="schema-${escapeHtml(name)}">\n<h2>${escapeHtml(name)}</h2>\n${code(schema)}\n</section>`)
  .join('\n')}
</main>
</body>
</html>
`
}

function entriesOf(entries: readonly Entry[], tag: string): Entry[] {
  return entries.filter(({ operation }) => operation.tags[0] === tag)
}

function link({ verb, path, operation }: Entry): string {
  return `<li><a href="#${anchor(operation)}"><b>${verb}</b> ${escapeHtml(path)}</a></li>`
}

function section({ verb, path, operation }: Entry): string {
  const { summary, parameters = [], requestBody, responses, security } = operation
  return `<section id="${anchor(operation)}">
<h2><b>${verb}</b> ${escapeHtml(path)}</h2>
<p>${escapeHtml(summary)}.${security ? ' Needs no token.' : ''}</p>
${parameters.length === 0 ? '' : `<table>\n<thead><tr><th>parameter</th><th>where</th><th>what</th></tr></thead>\n<tbody>\n${parameters.map(row).join('\n')}\n</tbody>\n</table>`}
${Object.entries(requestBody?.content ?? {})
  .map(([type, { schema }]) => folded(`body: ${type}`, schema))
  .join('\n')}
${Object.entries(responses)
  .map(([status, response]) => answer(status, response))
  .join('\n')}
${folded('on the command line', curl({ verb, path, operation }))}
</section>`
}

function row({ name, in: place, required, schema, description }: NonNullable<ShownOperation['parameters']>[number]): string {
  const about = description ?? (schema as { description?: string }).description ?? (schema as { type?: string }).type ?? ''
  return `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(place)}${required ? '' : ', may be missing'}</td><td>${escapeHtml(about)}</td></tr>`
}

function answer(status: string, { description, content = {} }: ShownOperation['responses'][string]): string {
  if (status === 'default') return '<p><b>else</b> a <a href="#schema-Problem">problem</a></p>'
  const [schema] = Object.values(content)
  const what = `${status}: ${description ?? ''}`
  return schema ? folded(what, schema.schema) : `<p>${escapeHtml(what)}</p>`
}

function curl({ verb, path, operation }: Entry): string {
  const lines = [`curl ${verb === 'GET' ? '' : `-X ${verb} `}"$GATEWAY${path}"`]
  if (!operation.security) lines.push('-H "Authorization: Bearer $TOKEN"')
  if (operation.parameters?.some(({ name }) => name === 'If-Match')) lines.push(`-H 'If-Match: "…"'`)
  if (operation.requestBody) lines.push(`--json '{ … }'`)
  return lines.join(' \\\n  ')
}

function folded(title: string, content: unknown): string {
  return `<details>\n<summary>${escapeHtml(title)}</summary>\n${code(content)}\n</details>`
}

/** References become links. */
function code(content: unknown): string {
  const shown = escapeHtml(typeof content === 'string' ? content : JSON.stringify(content, null, 2))
  const linked = shown.replaceAll(/#\/components\/schemas\/(\w+)/g, '<a href="#schema-$1">$&</a>')
  return `<pre tabindex="0"><code>${linked}</code></pre>`
}

function anchor({ operationId }: ShownOperation): string {
  return escapeHtml(operationId.replaceAll(/[^\w.]+/g, '-'))
}

/** Its style. */
export const openApiStyle = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; grid-template: auto 1fr / 20rem minmax(0, 60rem); gap: 0 2rem; margin: 0 1.5rem; }
header { grid-column: 1 / 3; border-bottom: 1px solid; }
nav { position: sticky; top: 0; max-height: 100vh; overflow: auto; font-size: 0.875rem; }
nav h2 { margin: 1rem 0 0; font-size: 1rem; }
nav ul { margin: 0; padding: 0; list-style: none; }
section { margin: 1.5rem 0; border-bottom: 1px solid; }
section h2 { font-size: 1.125rem; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.25rem 1rem 0.25rem 0; text-align: left; vertical-align: top; }
pre { max-height: 30rem; padding: 0.5rem; overflow: auto; border: 1px solid; font-size: 0.8125rem; }
summary { cursor: pointer; }
html { background: canvas; color: canvastext; }
a, a:visited { color: #0a56c4; }
@media (prefers-color-scheme: dark) { a, a:visited { color: #9ecaff; } }
@media (max-width: 50rem) { body { display: block; } nav { position: static; max-height: none; } }
`
