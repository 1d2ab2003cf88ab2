import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'

/** Something that a browser loads of the page, with its size, and what it is made of. */
export interface PagePart {
  /** `first: js`, `first: css`, `first: html`; of what is loaded later the name of the file, with all that comes with it. */
  readonly name: string
  /** Compressed. */
  readonly bytes: number
  /** Files or packages with their sizes before they were compressed, the largest first. */
  readonly largest: readonly (readonly [name: string, bytes: number])[]
}

/** How large each part may be, in bytes, compressed. */
export type PageBudget = Readonly<Record<string, number>>

/** The first load of the page may be so large, whatever its parts may be. */
export const mostFirstBytes = 102_400

const inspector = resolve(import.meta.dirname, '../../server/inspector')

/** What is too large, each with by how much and what is the most of it; and which figures are missing or of nothing. */
export function findOversize(parts: readonly PagePart[], budget: PageBudget): string[] {
  const problems: string[] = []
  for (const { name, bytes, largest } of parts) {
    const most = budget[name]
    const made = largest
      .slice(0, 5)
      .map(([file, size]) => `${file} (${size})`)
      .join(', ')
    if (most === undefined) problems.push(`${name} has no figure: it is ${bytes} bytes. Most of it: ${made}`)
    else if (bytes > most) problems.push(`${name} has grown to ${bytes} bytes, ${bytes - most} more than it may be. Most of it: ${made}`)
  }
  for (const name of Object.keys(budget)) {
    if (!parts.some(part => part.name === name)) problems.push(`${name} has a figure, and is not there any more`)
  }
  const first = parts.filter(({ name }) => name.startsWith('first: ')).reduce((sum, { bytes }) => sum + bytes, 0)
  if (first > mostFirstBytes) problems.push(`the first load is ${first} bytes, ${first - mostFirstBytes} more than it may be`)
  return problems
}

/** Makes the page, and gives its parts. */
export async function measurePage(): Promise<PagePart[]> {
  const made = await build({
    root: inspector,
    configFile: resolve(inspector, 'vite.config.ts'),
    logLevel: 'error',
    build: { write: false, emptyOutDir: false },
  })
  if (Array.isArray(made) || !('output' in made)) throw new Error('vite made something else than one page')
  const files = new Map(made.output.map(file => [file.fileName, file]))
  const html = textOf(files.get('index.html'))
  const first = closureOf([...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name]) => name ?? ''))
  const parts = ['js', 'css'].map(kind =>
    partOf(
      `first: ${kind}`,
      [...first].filter(name => name.endsWith(`.${kind}`)),
    ),
  )
  const later = made.output
    .filter(file => file.type === 'chunk' && file.isDynamicEntry)
    .map(file =>
      partOf(
        file.name ?? file.fileName,
        [...closureOf([file.fileName])].filter(name => !first.has(name)),
      ),
    )
  return [partOf('first: html', ['index.html']), ...parts, ...later]

  /** These and what they import, with the styles of it. */
  function closureOf(names: readonly string[]): ReadonlySet<string> {
    const all = new Set(names)
    for (const name of all) {
      const file = files.get(name)
      if (file?.type === 'chunk') for (const each of [...file.imports, ...(file.viteMetadata?.importedCss ?? [])]) all.add(each)
    }
    return all
  }

  function partOf(name: string, names: readonly string[]): PagePart {
    const own = names.map(each => files.get(each))
    return {
      name,
      bytes: own.reduce((sum, file) => sum + gzipSync(textOf(file), { level: 9 }).length, 0),
      largest: own.flatMap(file => (file?.type === 'chunk' ? modulesOf(file) : [])).sort(([, one], [, other]) => other - one),
    }
  }
}

function textOf(file: Rolldown.OutputChunk | Rolldown.OutputAsset | undefined): string {
  if (!file) throw new Error('vite made no such file')
  return file.type === 'chunk' ? file.code : String(file.source)
}

/** Our own by file, those of packages by package. */
function modulesOf(chunk: Rolldown.OutputChunk): [string, number][] {
  const sums = new Map<string, number>()
  for (const [id, { renderedLength }] of Object.entries(chunk.modules)) {
    const name =
      /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id.replaceAll('\\', '/'))?.[1] ?? id.replaceAll('\\', '/').split('/src/').at(-1) ?? id
    sums.set(name, (sums.get(name) ?? 0) + renderedLength)
  }
  return [...sums]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const budget = JSON.parse(readFileSync(resolve(inspector, 'size-budget.json'), 'utf8')) as PageBudget
  const parts = await measurePage()
  for (const { name, bytes } of parts) console.log(`${name}: ${bytes} of ${budget[name] ?? '?'} bytes`)
  const problems = findOversize(parts, budget)
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) {
    console.error('Make it smaller, load it later, or raise its figure in server/inspector/size-budget.json and say why in the commit.')
    process.exitCode = 1
  }
}
