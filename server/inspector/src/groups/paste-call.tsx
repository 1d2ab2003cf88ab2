import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { agents, form, session } from '../page.ts'
import { onHandover } from '../state/on-handover.ts'
import { readPastedCall } from '../values/pasted-call.ts'

/** What the last paste of a call came to. */
type Pasted = { readonly said: string; readonly isProblem: boolean; readonly undo?: (() => void) | undefined }
const pasted = signal<Pasted | undefined>(undefined)
const isAsking = signal(false)
onHandover(session, () => {
  pasted.value = undefined
  isAsking.value = false
})

/** Takes a call that is pasted anywhere inside; any other text goes where it is pasted. */
export function TakesPastes({ children, ...shown }: { class: string; children: ComponentChildren }) {
  return (
    <div
      {...shown}
      onPasteCapture={event => {
        const text = event.clipboardData?.getData('text/plain') ?? ''
        // In a place for text most texts are just that; what is no whole call is left to it.
        const read = readPastedCall(text)
        if (!read || ('problem' in read && isEditable(event))) return
        event.preventDefault()
        event.stopPropagation()
        take(text)
      }}
    >
      {children}
    </div>
  )
}

function isEditable(event: Event): boolean {
  const [target] = event.composedPath()
  return target instanceof HTMLElement && target.closest('input, textarea, [contenteditable]') !== null
}

/** Fills the form in with what a text says; false where it says nothing of a call. */
function take(text: string): boolean {
  const read = readPastedCall(text)
  if (!read) return false
  if ('problem' in read) {
    pasted.value = { said: read.problem, isProblem: true }
    return true
  }
  const { call, from } = read
  const before = form.draft.peek()
  const args = form.args.peek()
  const here = form.chosen.peek()?.agent
  const isKnown = agents.get(call.agent) !== undefined
  form.fill(isKnown || here === undefined ? call : { ...call, agent: here })
  const elsewhere = isKnown || here === undefined ? '' : ` There is no agent ${call.agent} here, so it goes to ${here}.`
  pasted.value = {
    said: `Filled in from ${from === 'link' ? 'a link' : from === 'SDK' ? 'a program' : from === 'JSON' ? 'JSON' : `a ${from} command`}. Nothing was sent.${elsewhere}`,
    isProblem: false,
    undo: before && (() => form.fill({ ...before, args })),
  }
  return true
}

/** Asks for a call to paste: for those who have one, and no field to paste it into. */
export function askForPaste(): void {
  isAsking.value = true
}

/** What came of a paste, and the place to paste where that was asked for. */
export function PasteNotice() {
  const place = useRef<HTMLTextAreaElement>(null)
  const asks = isAsking.value
  useEffect(() => {
    if (asks) place.current?.focus()
  }, [asks])
  const said = pasted.value
  return (
    <>
      {asks && (
        <div class="field paste">
          <label for="paste-call">Paste a call: curl, SDK, CLI, a link, or its JSON</label>
          <textarea
            id="paste-call"
            ref={place}
            rows={4}
            class="mono"
            spellcheck={false}
            onKeyDown={event => {
              if (event.key === 'Escape') isAsking.value = false
            }}
            onInput={event => {
              if (take(event.currentTarget.value)) isAsking.value = false
              else pasted.value = { said: 'This is no call yet.', isProblem: true }
            }}
          />
          <button
            type="button"
            class="small"
            onClick={() => {
              isAsking.value = false
            }}
          >
            Close
          </button>
        </div>
      )}
      {said && (
        <p class={said.isProblem ? 'problem row wrap' : 'hint row wrap'} role="status">
          <span>{said.said}</span>
          {said.undo && (
            <button
              type="button"
              class="small"
              onClick={() => {
                said.undo?.()
                pasted.value = undefined
              }}
            >
              Undo
            </button>
          )}
          <button
            type="button"
            class="small"
            onClick={() => {
              pasted.value = undefined
            }}
          >
            Close
          </button>
        </p>
      )}
    </>
  )
}
