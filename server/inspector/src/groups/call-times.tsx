import { form } from '../page.ts'
import type { TypedTime } from '../state/call-form.ts'

/** How long the call may take: what most set. */
export function Deadline() {
  return <Seconds time={form.deadline} before="give up after" label="Give up after so many seconds" about={forever} />
}

const forever = 'Empty: it may run for as long as it takes, and wait for the agent for two minutes'

/** What few set: how long it may wait, and a key under which it runs once. */
export function MoreOptions() {
  const isIdempotent = form.chosen.value?.method.idempotent === true
  return (
    <details class="more">
      <summary>More options</summary>
      <div class="options">
        <Seconds
          time={form.queueDeadline}
          before="wait for the agent at most"
          label="Wait for the agent at most so many seconds"
          about="Empty: what is left of the time for all of it, else two minutes"
        />
        <div class="field">
          <label for="once-key">Run once under this key</label>
          <input
            id="once-key"
            type="text"
            class="mono"
            autocomplete="off"
            spellcheck={false}
            placeholder="a new key for each call"
            aria-invalid={form.isOnceKeyTooLong.value}
            aria-describedby="once-key-note"
            value={form.onceKey.value}
            onInput={event => {
              form.onceKey.value = event.currentTarget.value
            }}
          />
          <p class={form.isOnceKeyTooLong.value ? 'problem' : 'hint'} id="once-key-note">
            {form.isOnceKeyTooLong.value
              ? 'A key has at most 128 characters.'
              : isIdempotent
                ? 'The contract says that this method may run twice without harm, so it needs none.'
                : 'Sent twice with the same key and arguments it runs once: the second gets the answer of the first, for ten minutes.'}
          </p>
        </div>
      </div>
    </details>
  )
}

function Seconds({ time, before, label, about }: { time: TypedTime; before: string; label: string; about: string }) {
  return (
    <label class="deadline">
      {before}{' '}
      <input
        type="text"
        inputMode="decimal"
        size={5}
        autocomplete="off"
        aria-label={label}
        placeholder="–"
        title={about}
        aria-invalid={time.ms.value === 'invalid'}
        value={time.text.value}
        onInput={event => {
          time.text.value = event.currentTarget.value
        }}
      />{' '}
      seconds
    </label>
  )
}
