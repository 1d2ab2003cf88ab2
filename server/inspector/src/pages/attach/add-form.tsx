import type { MethodResult } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { TextField } from '../../elements/text-field.tsx'
import { useAction } from '../../elements/use-action.ts'
import { ServiceChoice } from '../../groups/service-choice.tsx'
import { session, trust } from '../../page.ts'
import { readPastedAgent, tidyAddress } from '../../values/pasted-agent.ts'
import { tidyThumbprint } from '../../values/thumbprints.ts'

/** Registers an agent that listens. */
export function AddForm() {
  const uri = useSignal('')
  const thumbprint = useSignal('')
  const id = useSignal('')
  const services = useSignal<readonly string[]>([])
  const action = useAction()
  const discovery = useAction()
  const seen = useSignal<MethodResult<'trust.discover'> | undefined>(undefined)
  if (!session.may('agents.write')) return <p class="hint">Somebody with the role admin can do that.</p>
  const tidy = tidyThumbprint(thumbprint.value)
  const isThumbprint = /^[0-9A-F]{40}$/.test(tidy)
  const paste = (text: string): void => {
    const pasted = readPastedAgent(text)
    if (!pasted) return
    uri.value = pasted.uri
    thumbprint.value = pasted.thumbprint
    id.value = pasted.agent
    services.value = pasted.services
  }
  const discover = (): Promise<boolean> =>
    discovery.run(async () => {
      seen.value = await trust.decide('trust.discover', { uri: tidyAddress(uri.value) })
      thumbprint.value = seen.value.thumbprint
    })
  const add = async (): Promise<void> => {
    const params = { agent: id.value.trim(), uri: tidyAddress(uri.value), thumbprint: tidy, services: [...services.value] }
    if (!(await action.run(() => session.request('agents.add', params)))) return
    uri.value = ''
    thumbprint.value = ''
    id.value = ''
  }
  return (
    <form
      class="add-form"
      aria-label="Add an agent that listens"
      onPaste={event => {
        const text = event.clipboardData?.getData('text') ?? ''
        if (!readPastedAgent(text)) return
        event.preventDefault()
        paste(text)
      }}
      onSubmit={event => {
        event.preventDefault()
        void add()
      }}
    >
      <p class="hint">The line that a sample agent prints may be pasted into any of these fields: it fills in all of them.</p>
      <div class="pair">
        <TextField
          label="Address"
          id="add-uri"
          text={uri}
          class="mono"
          spellcheck={false}
          placeholder="https://web-1.example:10933/"
          required
        />
        <TextField label="Id, as programs name it" id="add-id" text={id} class="mono" spellcheck={false} placeholder="web-1" required />
      </div>
      <TextField
        label="Thumbprint, as the agent itself tells it"
        id="add-thumbprint"
        text={thumbprint}
        class="mono"
        spellcheck={false}
        placeholder="40 hex digits"
        required
        aria-invalid={thumbprint.value !== '' && !isThumbprint}
        aria-describedby="add-thumbprint-note"
      >
        <p class={thumbprint.value !== '' && !isThumbprint ? 'problem' : 'hint'} id="add-thumbprint-note">
          {thumbprint.value !== '' && !isThumbprint
            ? `These are ${tidy.length} of 40 hex digits.`
            : 'The gateway dials it and goes on only where it presents this certificate.'}
        </p>
      </TextField>
      <div class="row wrap">
        <button type="button" disabled={uri.value.trim() === '' || discovery.isBusy.value} onClick={() => void discover()}>
          {discovery.isBusy.value ? 'Dialling…' : 'Ask the address which certificate it has'}
        </button>
        {seen.value !== undefined && tidy === seen.value.thumbprint && (
          <span role="status">
            Seen there, calls itself {seen.value.subject}. Compare it with what the machine itself tells before you add it.
          </span>
        )}
      </div>
      {discovery.problem.value !== undefined && <ProblemBox error={discovery.problem.value} />}
      <ServiceChoice
        chosen={services.value}
        onChange={chosen => {
          services.value = chosen
        }}
      />
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row">
        <button type="submit" class="primary" disabled={action.isBusy.value || !isThumbprint || uri.value === '' || id.value === ''}>
          Add {id.value || 'it'}
        </button>
      </div>
    </form>
  )
}
