import type { EndedCall } from '@halibut-gateway/schemas'
import { AgentLink } from '../../elements/agent-link.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { session } from '../../page.ts'
import { formatMs } from '../../values/format.ts'
import { shortMethod } from '../../values/method-names.ts'

/** The last calls of an agent: who, what, and what came of it. */
export function RecentCalls({ agent, calls, explained }: { agent: string; calls: readonly EndedCall[]; explained: string | undefined }) {
  return (
    <section class="panel recent" aria-label="Recent calls">
      <h2>Recent calls</h2>
      {calls.length === 0 ? (
        <p class="hint">No call of it is remembered. The gateway keeps the last ones in memory, also those from programs.</p>
      ) : (
        <table class="facts-table">
          <thead>
            <tr>
              <th scope="col">Method</th>
              <th scope="col">Who</th>
              <th scope="col">Outcome</th>
              <th scope="col">Took</th>
              <th scope="col">Waited</th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {calls.map(call => (
              <Row key={call.activityId} agent={agent} call={call} explained={explained} />
            ))}
          </tbody>
        </table>
      )}
      {!session.may('audit.read') && <p class="hint">You see your own calls here. Those of others are for the role admin.</p>}
    </section>
  )
}

function Row({ agent, call, explained }: { agent: string; call: EndedCall; explained: string | undefined }) {
  const { activityId, service, method, principal, since, queuedMs, durationMs, error } = call
  return (
    <tr data-recent={error ? error.kind : 'answered'}>
      <th scope="row">
        <AgentLink id={agent} service={service} method={method}>
          {shortMethod(method)}
        </AgentLink>
        <span class="quiet service"> {service}</span>
      </th>
      <td data-label="Who">{principal}</td>
      <td data-label="Outcome">
        {error ? (
          <AgentLink id={agent} tab="activity" explain={activityId} class="bad" current={activityId === explained}>
            {error.kind}
          </AgentLink>
        ) : (
          <span class="good">answered</span>
        )}
      </td>
      <td data-label="Took" class="number">
        {formatMs(durationMs)}
      </td>
      <td data-label="Waited" class="number">
        {queuedMs < 1 ? '–' : formatMs(queuedMs)}
      </td>
      <td data-label="When" class="quiet">
        <RelativeTime at={since} after=" ago" />
      </td>
    </tr>
  )
}
