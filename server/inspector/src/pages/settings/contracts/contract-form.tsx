import type { ContractEntry, MethodResult } from '@halibut-gateway/schemas'
import { checkContract } from '@halibut-gateway/schemas/contract'
import { useComputed, useSignal } from '@preact/signals'
import { ProblemBox } from '../../../elements/problem-box.tsx'
import { TextField } from '../../../elements/text-field.tsx'
import { useAction } from '../../../elements/use-action.ts'
import { DocumentEditor } from '../../../groups/document-editor.tsx'
import { agents, contracts, router, session } from '../../../page.ts'
import { readContract } from '../../../values/contract-problems.ts'
import { lineAndColumn } from '../../../values/json-places.ts'
import { contractList } from '../settings-stores.ts'

type Added = MethodResult<'contracts.add'>

const mostSuggested = 100

/** Adds a contract, or puts another document in the place of one. */
export function ContractForm(props: { replaces?: { readonly entry: ContractEntry; readonly text: string }; onClose: () => void }) {
  const { replaces, onClose } = props
  const text = useSignal(replaces?.text ?? '')
  const agent = useSignal('')
  const refused = useSignal<Error | undefined>(undefined)
  const action = useAction()
  const read = useComputed(() => readContract(text.value, checkContract))
  const found = read.value
  const save = async (): Promise<void> => {
    if (!found.ok) return
    const contract = found.contract as unknown as Record<string, unknown>
    let kept: Added | undefined
    const isKept = await action.run(async () => {
      if (replaces) {
        const { service, version, agent: of } = replaces.entry
        kept = await session.request('contracts.update', { service, version, contract, ...(of !== undefined && { agent: of }) })
      } else {
        kept = await session.request('contracts.add', { contract, ...(agent.value.trim() !== '' && { agent: agent.value.trim() }) })
      }
      await contractList.refresh()
    })
    if (!isKept || !kept) return
    const { service, agent: of } = kept.entry
    if (of !== undefined) contracts.refresh(of)
    onClose()
    router.go({ page: 'settings', part: 'contracts', args: { service, ...(of !== undefined && { agent: of }) } })
  }
  return (
    <form
      class="panel contract-form"
      aria-label={replaces ? `Replace ${replaces.entry.service}` : 'Add a contract'}
      onSubmit={event => {
        event.preventDefault()
        void save()
      }}
    >
      <DocumentEditor
        id="contract-text"
        label={replaces ? `The document of ${replaces.entry.service}` : 'The contract’s document: paste it, or open its file'}
        text={text.value}
        problems={found.ok ? [] : found.problems}
        placeholder={'{ "contract": 1, "service": "IMyService", "methods": [ … ] }'}
        onChange={next => {
          refused.value = undefined
          text.value = next
        }}
        onRefused={why => {
          refused.value = why
        }}
      />
      {refused.value && <ProblemBox error={refused.value} />}
      {!replaces && (
        <TextField
          label="For one agent alone; else for all"
          id="contract-agent"
          text={agent}
          list="contract-agents"
          placeholder="all agents"
        >
          <datalist id="contract-agents">
            {[...agents.all().keys()].slice(0, mostSuggested).map(id => (
              <option key={id} value={id} />
            ))}
          </datalist>
        </TextField>
      )}
      {found.ok && (
        <div role="status">
          <p>
            ✓ {found.contract.service} with {found.contract.methods.map(({ name }) => name).join(', ')}.
          </p>
          {found.warnings.length > 0 && (
            <ul class="warnings">
              {found.warnings.map(({ place, message }) => (
                <li key={`${place.from} ${message}`}>
                  Line {lineAndColumn(text.value, place.from).line}: {message}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row wrap">
        <button type="submit" class="primary" disabled={action.isBusy.value || !found.ok}>
          {replaces ? 'Replace it' : found.ok ? `Add ${found.contract.service}` : 'Add it'}
        </button>
        <button type="button" onClick={onClose}>
          Not now
        </button>
        {replaces && <span class="quiet">Calls that run go on with the document that they began with.</span>}
      </div>
    </form>
  )
}
