import type { Download } from '@halibut-gateway/client'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { streamed } from '../state/streamed.ts'
import { formatBytes, formatMs } from '../values/format.ts'
import { saveAs } from '../values/save-as.ts'

const maxTextBytes = 256 * 1024

/** What has been done with a data stream, which can be read once. */
type State =
  | { readonly at: 'waiting' | 'reading' | 'given up' }
  | { readonly at: 'done'; readonly how: 'saved' | 'shown'; readonly text: string; readonly ms: number }
  | { readonly at: 'failed'; readonly why: string }

/** A data stream in an answer: to be saved as a file, or, where it is short, shown as text. `call`: the number of the call. */
export function DownloadView({ download, name, call }: { download: Download; name: string; call?: number | undefined }) {
  const state = useSignal<State>({ at: 'waiting' })
  const received = useSignal(0)
  const digest = useSignal<string | undefined>(undefined)
  useEffect(() => {
    void download.sha256.then(value => {
      digest.value = value
    })
  }, [download])
  const read = async (how: 'saved' | 'shown'): Promise<void> => {
    state.value = { at: 'reading' }
    const startedMs = performance.now()
    try {
      const chunks: Uint8Array<ArrayBuffer>[] = []
      let bytes = 0
      for await (const chunk of download) {
        chunks.push(chunk)
        bytes += chunk.byteLength
        received.value = bytes
      }
      const content = new Blob(chunks)
      if (how === 'saved') saveAs(content, name)
      const ms = performance.now() - startedMs
      state.value = { at: 'done', how, text: how === 'shown' ? await content.text() : '', ms }
      if (call !== undefined) streamed.value = new Map(streamed.peek()).set(call, ms)
    } catch (error) {
      if (state.peek().at !== 'given up') state.value = { at: 'failed', why: error instanceof Error ? error.message : String(error) }
    }
  }
  const giveUp = (): void => {
    state.value = { at: 'given up' }
    download.cancel()
  }
  const now = state.value
  return (
    <div class="download" data-download={now.at === 'done' ? now.how : now.at}>
      <p>
        A data stream of {formatBytes(download.length)}
        {now.at === 'reading' && `, ${formatBytes(received.value)} of it are here`}
        {now.at === 'done' && `, ${now.how} in ${formatMs(now.ms)}`}
        {now.at === 'given up' && ', given up'}
      </p>
      {now.at === 'reading' && <progress value={download.length === 0 ? 1 : received.value / download.length} aria-label="Download" />}
      {(now.at === 'waiting' || now.at === 'reading') && (
        <div class="row wrap">
          {now.at === 'waiting' && (
            <>
              <button type="button" onClick={() => void read('saved')}>
                Save as a file
              </button>
              {download.length <= maxTextBytes && (
                <button type="button" onClick={() => void read('shown')}>
                  Show as text
                </button>
              )}
            </>
          )}
          <button type="button" onClick={giveUp}>
            Give up
          </button>
        </div>
      )}
      {now.at === 'done' && now.how === 'shown' && <pre class="json content">{now.text}</pre>}
      {now.at === 'failed' && <p class="problem">{now.why}</p>}
      {digest.value && (
        <p class="facts">
          SHA-256 <code>{digest.value}</code>
        </p>
      )}
    </div>
  )
}
