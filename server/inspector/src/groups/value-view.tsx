import { Download } from '@halibut-gateway/client'
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { Choices } from '../elements/choices.tsx'
import { CopyButton } from '../elements/copy-button.tsx'
import { ScrollArea } from '../elements/scroll-area.tsx'
import { beginningOfJson } from '../values/beginning-of-json.ts'
import { formatBytes } from '../values/format.ts'
import { hexDump } from '../values/hex-dump.ts'
import { saveAs } from '../values/save-as.ts'
import { bytesIn, isBytes, type JsonType } from '../values/typed-json.ts'
import { BytesView } from './bytes-view.tsx'
import { DownloadView } from './download-view.tsx'
import { JsonView, jsonOf } from './json-view.tsx'
import { ResultTree } from './result-tree.tsx'

const allViews = ['tree', 'text', 'raw', 'hex'] as const
type View = (typeof allViews)[number]
/** A dump of more helps nobody; all of it can be saved. */
const dumpedChars = 16_384
const shownChars = 200_000

/** A value in whichever way one wants to see it; bytes and data streams that stand in it can be looked at one by one. */
export function ValueView({ value, label, name, type }: { value: unknown; label: string; name: string; type?: JsonType | undefined }) {
  const isStructure = typeof value === 'object' && value !== null
  const views = isStructure ? allViews : allViews.slice(1)
  const chosen = useSignal<View | undefined>(undefined)
  const view = chosen.value ?? (isStructure ? 'tree' : 'text')
  const bytes = useMemo(() => bytesIn(type, value), [type?.node, value])
  const downloads = useMemo(() => downloadsIn(value), [value])
  if (isBytes(type, value)) return <BytesView value={value} label={label} name={name} />
  const save = (): void =>
    typeof value === 'string'
      ? saveAs(new Blob([value], { type: 'text/plain' }), `${name}.txt`)
      : saveAs(new Blob([jsonOf(value)], { type: 'application/json' }), `${name}.json`)
  return (
    <div class="value-view">
      <div class="row wrap">
        <Choices label="Show it as" all={views} chosen={view} onChoose={each => (chosen.value = each)} />
        <span class="spacer" />
        <button type="button" class="small" onClick={save}>
          Save as a file
        </button>
      </div>
      {view === 'tree' && <ResultTree value={value} label={label} type={type} />}
      {view === 'text' &&
        (typeof value === 'string' ? <PlainText text={value} label={label} /> : <JsonView value={value} label={label} type={type} />)}
      {view === 'raw' && <JsonView value={value} label={label} type={type} isRaw />}
      {view === 'hex' && <Dump value={value} label={label} />}
      {bytes.map(each => (
        <details key={each.path}>
          <summary>
            Bytes at <code>{each.path}</code>
          </summary>
          <BytesView value={each.value} label={each.path} name={fileNameOf(each.path)} />
        </details>
      ))}
      {downloads.map(each => (
        <section key={each.path} class="part" aria-label={`Data stream at ${each.path}`}>
          <p class="quiet">
            Data stream at <code>{each.path}</code>
          </p>
          <DownloadView download={each.download} name={fileNameOf(each.path)} />
        </section>
      ))}
    </div>
  )
}

function PlainText({ text, label }: { text: string; label: string }) {
  return (
    <div class="json-view">
      <ScrollArea class="json" label={label}>
        {text.slice(0, shownChars)}
      </ScrollArea>
      <CopyButton text={text} what="the value" />
      {text.length > shownChars && <p class="hint">This is the beginning; all of it can be saved as a file.</p>}
    </div>
  )
}

function Dump({ value, label }: { value: unknown; label: string }) {
  const { dump, isWhole } = useMemo(() => {
    const { text, isWhole: all } =
      typeof value === 'string'
        ? { text: value.slice(0, dumpedChars), isWhole: value.length <= dumpedChars }
        : beginningOfJson(value, dumpedChars, '')
    return { dump: hexDump(new TextEncoder().encode(text)), isWhole: all }
  }, [value])
  return (
    <div class="json-view">
      <ScrollArea class="json dump" label={label}>
        {dump}
      </ScrollArea>
      <CopyButton text={dump} what="the dump" />
      {!isWhole && <p class="hint">These are the first {formatBytes(dumpedChars)}, in UTF-8.</p>}
    </div>
  )
}

function fileNameOf(path: string): string {
  return path.replaceAll('/', '-').slice(1) || 'result'
}

const mostDownloads = 20

/** The data streams that stand somewhere in a result, the first of them. */
function downloadsIn(value: unknown): readonly { readonly path: string; readonly download: Download }[] {
  const found: { path: string; download: Download }[] = []
  let looks = 0
  const look = (each: unknown, path: string): void => {
    if (typeof each !== 'object' || each === null || ++looks > 10_000 || found.length >= mostDownloads) return
    if (each instanceof Download) found.push({ path, download: each })
    else for (const key in each) look((each as Record<string, unknown>)[key], `${path}/${key}`)
  }
  look(value, '')
  return found
}
