import { signatureOf } from '@halibut-gateway/schemas/contract'
import { agents, form, manyForm, router } from '../page.ts'
import { withoutSecrets } from '../values/form-values.ts'
import type { CallToSave } from '../values/saved-call.ts'
import { SaveCall } from './save-call.tsx'

/** What else can be done with the call of the form: keep it, or make it at many agents. */
export function CallFurther() {
  const chosen = form.chosen.value
  if (!chosen) return null
  const { agent, json, method } = chosen
  const service = json.contract.service
  return (
    <div class="row wrap further">
      <SaveCall what={`this call of ${method.name}`} label="Save this call" call={callOfForm} />
      {!form.takesStreams.value && agents.all().size > 1 && (
        <button
          type="button"
          class="small"
          onClick={() => {
            manyForm.edit(form.args.peek())
            router.go({ page: 'many', tags: agents.get(agent)?.tags ?? [], search: '', picked: [], service, method: signatureOf(method) })
          }}
        >
          Call it at many agents
        </button>
      )}
    </div>
  )
}

function callOfForm(): CallToSave | undefined {
  const chosen = form.chosen.peek()
  if (!chosen) return undefined
  const { agent, json, method } = chosen
  const args = form.args.peek()
  const deadlineMs = form.deadline.ms.peek()
  return {
    agent,
    service: json.contract.service,
    signature: signatureOf(method),
    args,
    shownArgs: args.map((arg, i) => withoutSecrets(json, method.params[i] ?? { type: 'object' }, arg)),
    names: method.params.map(({ name }) => name),
    timeoutMs: deadlineMs === 'invalid' ? undefined : deadlineMs,
  }
}
