import { useSignal } from '@preact/signals'
import { linkedChars, linkOfCall } from '../address/call-link.ts'
import { Choices } from '../elements/choices.tsx'
import { Command } from '../elements/command.tsx'
import { CopyButton } from '../elements/copy-button.tsx'
import { form, listView, session } from '../page.ts'
import { withoutSecrets } from '../values/form-values.ts'
import { snippetKinds, snippetOf, tokenVariable } from '../values/snippets.ts'

/** The call of the form as a program makes it, and as a link that fills the form in. */
export function CopyCall() {
  const kind = useSignal<(typeof snippetKinds)[number]>('curl')
  const isOpen = useSignal(false)
  const draft = form.draft.value
  if (!draft) return null
  const link = linkOfCall(draft, listView.value)
  const snippet = isOpen.value ? snippetOf(kind.value, draft, session.url) : undefined
  return (
    <details class="copy-call" onToggle={event => (isOpen.value = event.currentTarget.open)}>
      <summary>Copy as curl, SDK, CLI or a link</summary>
      <div class="row wrap">
        <Choices label="Copy it as" all={snippetKinds} chosen={kind.value} onChoose={each => (kind.value = each)} />
        <span class="spacer" />
        {link === undefined ? (
          <span class="hint">A link holds arguments of at most {linkedChars.toLocaleString('en')} characters.</span>
        ) : (
          <CopyButton text={() => session.url + link} what="a link to this call" label="Copy a link" />
        )}
      </div>
      {snippet && 'problem' in snippet && <p class="hint">{snippet.problem}</p>}
      {snippet && 'text' in snippet && <Command lines={snippet.text.split('\n')} what={`the call as ${kind.value}`} />}
      <p class="hint">
        The token stands in no snippet and no link: put it into <code>{tokenVariable}</code>.
        {holdsSecrets() && ' What the contract calls a secret is not in them either: fill it in.'} Paste one of these anywhere in the form
        to fill it in.
      </p>
    </details>
  )
}

function holdsSecrets(): boolean {
  const chosen = form.chosen.value
  if (!chosen) return false
  let has = false
  chosen.method.params.forEach((param, i) => {
    withoutSecrets(chosen.json, param, form.args.value[i], () => {
      has = true
      return null
    })
  })
  return has
}
