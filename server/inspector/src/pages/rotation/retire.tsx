import type { MethodResult } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { AgentLink } from '../../elements/agent-link.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { useAction } from '../../elements/use-action.ts'
import { useFocusAfter } from '../../elements/use-focus-after.ts'
import { agents, session } from '../../page.ts'
import { shownAtMost } from '../../state/rotation.ts'
import { counted } from '../../values/format.ts'
import type { OwnCertificate } from '../../values/rotation-steps.ts'
import { rotation } from './rotation-stores.ts'

type Lost = MethodResult<'certificates.agents'>

/** Presents a certificate no more, once somebody has seen who would be lost: those that were shown, and nobody else. */
export function Retire(props: { certificate: OwnCertificate; ask: string; act: string; happens: string }) {
  const { thumbprint, dependents } = props.certificate
  const seen = useSignal<Lost | undefined>(undefined)
  const givesUp = useSignal(false)
  const action = useAction()
  const look = (): void => {
    givesUp.value = false
    void action.run(async () => {
      seen.value = await session.request('certificates.agents', { dependsOn: thumbprint, limit: shownAtMost })
    })
  }
  const retire = async (lost: Lost): Promise<void> => {
    const expect = lost.agents.map(({ agent }) => agent)
    if (await action.run(() => rotation.act('retire', { thumbprint, expect }))) seen.value = undefined
  }
  const lost = seen.value
  const button = useFocusAfter<HTMLButtonElement>(lost !== undefined)
  // Whoever moved on, or came, since it was shown: look again.
  const hasChanged = lost !== undefined && lost.next === undefined && dependents !== lost.agents.length
  return (
    <div class="retire">
      {!lost && (
        <button type="button" ref={button} disabled={action.isBusy.value} onClick={look}>
          {props.ask}
        </button>
      )}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      {lost && (
        <fieldset class="decision" aria-label={props.act}>
          <p>{props.happens}</p>
          {lost.agents.length === 0 && <p>No agent depends on it.</p>}
          {lost.agents.length > 0 && (
            <div class="problem-box">
              <p class="message">
                {counted(lost.agents.length, 'agent')}
                {lost.next === undefined ? '' : ' and more'} would be lost:
              </p>
              <ul class="lost">
                {lost.agents.map(({ agent, accepted }) => (
                  <li key={agent}>
                    <AgentLink id={agent}>{agents.get(agent)?.name ?? agent}</AgentLink>
                    {accepted.length === 0 && ' (never seen)'}
                  </li>
                ))}
              </ul>
              {lost.next === undefined ? (
                <label class="check">
                  <input
                    type="checkbox"
                    checked={givesUp.value}
                    onChange={event => {
                      givesUp.value = event.currentTarget.checked
                    }}
                  />{' '}
                  I give these up: they are not reached until they trust the other certificate.
                </label>
              ) : (
                <p>So many are not given up at once: let them move on first.</p>
              )}
            </div>
          )}
          {hasChanged && (
            <div class="row wrap" role="status">
              <span>It is not any more what was shown.</span>
              <button type="button" class="small" onClick={look}>
                Look again
              </button>
            </div>
          )}
          <div class="row wrap">
            <button
              type="button"
              class="danger"
              disabled={action.isBusy.value || hasChanged || (lost.agents.length > 0 && (!givesUp.value || lost.next !== undefined))}
              onClick={() => void retire(lost)}
            >
              {props.act}
            </button>
            <button
              type="button"
              ref={button}
              onClick={() => {
                seen.value = undefined
              }}
            >
              Not now
            </button>
          </div>
        </fieldset>
      )}
    </div>
  )
}
