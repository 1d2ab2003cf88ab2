import type { Download } from '@halibut-gateway/client'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { formatBytes } from '../values/format.ts'
import { saveAs } from '../values/save-as.ts'

const maxTextBytes = 256 * 1024

/** A data stream in an answer: to be saved as a file, or, where it is short, shown as text. It can be read once. */
export function DownloadView({ download, name }: { download: Download; name: string }) {
  const state = useSignal<'waiting' | 'reading' | 'saved' | 'given up' | { readonly text: string } | { readonly problem: string }>(
    'waiting',
  )
  const digest = useSignal<string | undefined>(undefined)
  useEffect(() => {
    void download.sha256.then(value => {
      digest.value = value
    })
  }, [download])
  const read = async (use: () => Promise<typeof state.value>): Promise<void> => {
    state.value = 'reading'
    state.value = await use().catch((error: unknown) => ({ problem: error instanceof Error ? error.message : String(error) }))
  }
  const save = (): Promise<void> =>
    read(async () => {
      saveAs(await download.blob(), name)
      return 'saved'
    })
  const show = (): Promise<void> => read(async () => ({ text: await download.text(maxTextBytes) }))
  const giveUp = (): void => {
    download.cancel()
    state.value = 'given up'
  }
  return (
    <div class="download" data-download={typeof state.value === 'string' ? state.value : 'done'}>
      <p>
        A data stream of {formatBytes(download.length)}
        {state.value === 'reading' && ', being read'}
        {(state.value === 'saved' || state.value === 'given up') && `, ${state.value}`}
      </p>
      {state.value === 'waiting' && (
        <div class="row wrap">
          <button type="button" onClick={() => void save()}>
            Save as a file
          </button>
          {download.length <= maxTextBytes && (
            <button type="button" onClick={() => void show()}>
              Show as text
            </button>
          )}
          <button type="button" onClick={giveUp}>
            Give up
          </button>
        </div>
      )}
      {typeof state.value === 'object' && 'text' in state.value && <pre class="json content">{state.value.text}</pre>}
      {typeof state.value === 'object' && 'problem' in state.value && <p class="problem">{state.value.problem}</p>}
      {digest.value && (
        <p class="facts">
          SHA-256 <code>{digest.value}</code>
        </p>
      )}
    </div>
  )
}
