import type { MethodResult } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { Compared } from '../../elements/compared.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { TextField } from '../../elements/text-field.tsx'
import { Thumbprint } from '../../elements/thumbprint.tsx'
import { useAction } from '../../elements/use-action.ts'
import { NotForYou } from '../../groups/not-for-you.tsx'
import { ServiceChoice } from '../../groups/service-choice.tsx'
import { session, trust } from '../../page.ts'
import { tagsIn } from '../../values/agent-changes.ts'
import { readPastedAgent, tidyAddress } from '../../values/pasted-agent.ts'
import { readTold, type Told } from '../../values/told-thumbprint.ts'

type Seen = MethodResult<'trust.discover'>

/** Registers an agent that listens, once it is certain which certificate it has: the machine has told it, or a person has compared the one that stands there. */
export function AddForm() {
  const uri = useSignal('')
  const pasted = useSignal('')
  const compared = useSignal(false)
  const id = useSignal('')
  const tags = useSignal('')
  const services = useSignal<readonly string[]>([])
  const action = useAction()
  const discovery = useAction()
  const seen = useSignal<Seen | undefined>(undefined)
  if (!session.may('agents.write')) {
    return <NotForYou right="agents.write" what="Adding an agent" />
  }
  // What was seen at one address says nothing about another.
  const there = seen.value?.uri === tidyAddress(uri.value) ? seen.value : undefined
  const told = readTold(pasted.value, there)
  const pin =
    told.is === 'told' || told.is === 'same' ? told.thumbprint : told.is === 'none' && compared.value ? there?.thumbprint : undefined
  const paste = (text: string): void => {
    const agent = readPastedAgent(text)
    if (!agent) return
    uri.value = agent.uri
    pasted.value = agent.thumbprint
    id.value = agent.agent
    services.value = agent.services
  }
  const discover = (): Promise<boolean> =>
    discovery.run(async () => {
      const asked = tidyAddress(uri.peek())
      compared.value = false
      seen.value = undefined
      seen.value = { ...(await trust.decide('trust.discover', { uri: asked })), uri: asked }
    })
  const add = async (): Promise<void> => {
    if (pin === undefined) return
    const params = {
      agent: id.value.trim(),
      uri: tidyAddress(uri.value),
      thumbprint: pin,
      services: [...services.value],
      tags: tagsIn(tags.value),
    }
    if (!(await action.run(() => session.request('agents.add', params)))) return
    for (const field of [uri, pasted, id, tags]) field.value = ''
    seen.value = undefined
    compared.value = false
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
      <p class="hint">
        What a sample agent prints may be pasted into any of these fields: its line with <code>{'{…}'}</code> fills in all of them.
      </p>
      <TextField
        label="Address"
        id="add-uri"
        text={uri}
        class="mono"
        spellcheck={false}
        placeholder="https://web-1.example:10933/"
        required
      />
      <div class="row wrap">
        <button type="button" disabled={uri.value.trim() === '' || discovery.isBusy.value} onClick={() => void discover()}>
          {discovery.isBusy.value ? 'Dialling…' : 'Ask the address which certificate it has'}
        </button>
        <span class="hint">The gateway dials it, and tells what stands there. Nothing is trusted by that.</span>
      </div>
      {discovery.problem.value !== undefined && <ProblemBox error={discovery.problem.value} />}
      {there && <SeenThere seen={there} />}
      <TextField
        label="Thumbprint, as the agent itself tells it"
        id="add-thumbprint"
        text={pasted}
        class="mono"
        spellcheck={false}
        placeholder="40 hex digits"
        aria-invalid={told.is === 'unfinished' || told.is === 'other'}
        aria-describedby="add-thumbprint-note"
      >
        <p class={told.is === 'unfinished' || told.is === 'other' ? 'problem' : 'hint'} id="add-thumbprint-note" role="status">
          {toldWords(told, there !== undefined)}
        </p>
      </TextField>
      {there && told.is === 'none' && (
        <Compared compared={compared}>I have compared the one that stands there with what the machine itself tells</Compared>
      )}
      <div class="pair">
        <TextField label="Id, as programs name it" id="add-id" text={id} class="mono" spellcheck={false} placeholder="web-1" required />
        <TextField
          label="Tags, separated by spaces"
          id="add-tags"
          text={tags}
          class="mono"
          spellcheck={false}
          placeholder="production role=web"
        />
      </div>
      <ServiceChoice
        chosen={services.value}
        onChange={chosen => {
          services.value = chosen
        }}
      />
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row">
        <button
          type="submit"
          class="primary"
          disabled={action.isBusy.value || pin === undefined || uri.value.trim() === '' || id.value.trim() === ''}
        >
          Add {id.value || 'it'}
        </button>
      </div>
    </form>
  )
}

/** The certificate that stands at the address. */
function SeenThere({ seen }: { seen: Seen }) {
  return (
    <div class="seen-there" data-seen={seen.thumbprint}>
      <b>This certificate stands there now:</b>
      <dl class="grid-list">
        <dt>thumbprint</dt>
        <dd>
          <Thumbprint value={seen.thumbprint} what="the seen thumbprint" />
        </dd>
        <dt>calls itself</dt>
        <dd>
          {seen.subject}
          <span class="quiet">
            {seen.issuer === seen.subject ? ' (made by itself)' : ` (made by ${seen.issuer})`}, which nobody has checked
          </span>
        </dd>
        <dt>SHA-256</dt>
        <dd class="quiet">
          <code class="long">{seen.thumbprint256}</code>
        </dd>
      </dl>
    </div>
  )
}

function toldWords(told: Told, isSeen: boolean): string {
  switch (told.is) {
    case 'none':
      return isSeen
        ? 'Paste what the machine tells, and it is compared; or compare it by eye.'
        : 'The gateway dials it and goes on only where it presents this certificate.'
    case 'unfinished':
      return `These are ${told.digits} of 40 hex digits.`
    case 'told':
      return 'The gateway dials it and goes on only where it presents this certificate.'
    case 'same':
      return '✓ It is the same that stands there.'
    case 'other':
      return 'Another one stands there. Do not add it: look which machine answers at this address.'
  }
}
