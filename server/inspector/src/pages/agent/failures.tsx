import type { AgentSnapshot, EndedCall } from '@halibut-gateway/schemas'
import { useEffect, useRef } from 'preact/hooks'
import { AgentLink } from '../../elements/agent-link.tsx'
import { CopyButton } from '../../elements/copy-button.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { MismatchBox } from '../../groups/mismatch-box.tsx'
import { explain } from '../../values/explain.ts'
import { formatMs } from '../../values/format.ts'
import { shortMethod } from '../../values/method-names.ts'
import { mismatchIn } from '../../values/refusal.ts'

type Failed = EndedCall & { readonly error: NonNullable<EndedCall['error']> }

/** The calls that failed last; each is explained where somebody wants to know. */
export function Failures(props: { agent: AgentSnapshot; failures: readonly EndedCall[]; explained: string | undefined }) {
  const { agent, failures, explained } = props
  const failed = failures.filter((call): call is Failed => call.error !== undefined)
  return (
    <section class="panel failures" aria-label="Last errors">
      <h2>Last errors</h2>
      {failed.length === 0 ? (
        <p class="hint">No call failed lately, as far as the gateway remembers and you may see.</p>
      ) : (
        <ol>
          {failed.map(call => (
            <Failure key={call.activityId} agent={agent} call={call} isOpen={call.activityId === explained} />
          ))}
        </ol>
      )}
      {explained !== undefined && !failed.some(({ activityId }) => activityId === explained) && (
        <p class="hint">The call that the address names is not remembered any more, or it is not for you to see.</p>
      )}
    </section>
  )
}

function Failure({ agent, call, isOpen }: { agent: AgentSnapshot; call: Failed; isOpen: boolean }) {
  const { activityId, service, method, principal, since, durationMs, error } = call
  const item = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (isOpen) item.current?.scrollIntoView({ block: 'nearest' })
  }, [isOpen])
  return (
    <li ref={item} class={isOpen ? 'failure open' : 'failure'} data-failure={error.kind}>
      <div class="row wrap">
        <span class="chip bad">{error.kind}</span>
        <b title={`${service}.${method}`}>{shortMethod(method)}</b>
        <span class="quiet">
          by {principal}, <RelativeTime at={since} after=" ago" />, after {formatMs(durationMs)}
        </span>
        <span class="spacer" />
        <AgentLink id={agent.id} tab="activity" explain={isOpen ? undefined : activityId} class="button small">
          {isOpen ? 'Close' : 'Explain'}
          <span class="off-screen"> {shortMethod(method)}</span>
        </AgentLink>
      </div>
      {isOpen && <Explained agent={agent} call={call} />}
    </li>
  )
}

function Explained({ agent, call: { activityId, service, method, error } }: { agent: AgentSnapshot; call: Failed }) {
  const { what, where, sent, came, next, isOnTheWay } = explain(error)
  const mismatch = error.message === undefined ? undefined : mismatchIn(error.message)
  return (
    <div class="explained" data-explained={activityId}>
      <p class="message">{what}</p>
      {mismatch && <MismatchBox mismatch={mismatch} agent={agent.name} />}
      <dl class="grid-list">
        <dt>Where it failed</dt>
        <dd>
          {where} {error.phase && <code class="quiet">{error.phase}</code>}
        </dd>
        <dt>What was sent</dt>
        <dd>
          {sent} <code class="quiet">{error.delivery}</code>
        </dd>
        <dt>What came</dt>
        <dd>{mismatch ? 'A certificate that is not the pinned one.' : came}</dd>
        <dt>What to do</dt>
        <dd class="next">{next}</dd>
        <dt>Call</dt>
        <dd>
          <code>
            {service}.{method}
          </code>
        </dd>
        <dt>Activity</dt>
        <dd>
          <code>{activityId}</code>
          <CopyButton text={activityId} what="the activity id" />
        </dd>
      </dl>
      <div class="row wrap">
        {isOnTheWay && (
          <AgentLink id={agent.id} tab="health" class="button small">
            See what the doctor says
          </AgentLink>
        )}
        <AgentLink id={agent.id} service={service} method={method} class="button small">
          Open it in the call form
        </AgentLink>
        <CopyButton text={() => location.href} what="a link to this explanation" label="Copy the link" />
      </div>
    </div>
  )
}
