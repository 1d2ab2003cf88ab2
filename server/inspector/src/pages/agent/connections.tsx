import type { AgentConnectionSnapshot, AgentSnapshot } from '@halibut-gateway/schemas'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { ShortThumbprint } from '../../elements/thumbprint.tsx'
import { useAsked } from '../../elements/use-asked.ts'
import { ClonesCard } from '../../groups/clones-card.tsx'
import { session, trust } from '../../page.ts'
import { now } from '../../state/clock.ts'
import { counted, durationInWords, formatBytes } from '../../values/format.ts'

const lookMs = 2_000

/** The connections of an agent, and the machines that have its certificate. */
export function Connections({ agent }: { agent: AgentSnapshot }) {
  const { id, connections: count, state } = agent
  const asked = useAsked(id, () => session.request('agents.connections', { agent: id }), { when: `${count} ${state}`, everyMs: lookMs })
  const connections = asked.value.value?.connections
  const clones = trust.clones.value.filter(each => each.agent === id)
  return (
    <div class="stack">
      <section class="panel connections" aria-label="Connections">
        <div class="row wrap">
          <h2>Connections</h2>
          {connections && connections.length > 0 && <span class="quiet">{counted(connections.length, 'connection')}</span>}
        </div>
        {asked.problem.value !== undefined && !connections && <ProblemBox error={asked.problem.value} />}
        {connections?.length === 0 && <p class="hint">{whyNone(agent)}</p>}
        {connections && connections.length > 0 && (
          <table class="facts-table">
            <thead>
              <tr>
                <th scope="col">Agent’s end</th>
                <th scope="col">TLS</th>
                <th scope="col">Age</th>
                <th scope="col">Calls</th>
                <th scope="col">Traffic</th>
                <th scope="col">Use</th>
                <th scope="col">Certificates</th>
              </tr>
            </thead>
            <tbody>
              {connections.map(connection => (
                <Row key={`${connection.remoteAddress} ${connection.since}`} connection={connection} />
              ))}
            </tbody>
          </table>
        )}
      </section>
      {clones.map(each => (
        <ClonesCard key={each.thumbprint} clones={each} />
      ))}
    </div>
  )
}

function Row({ connection }: { connection: AgentConnectionSnapshot }) {
  const { direction, remoteAddress, port, protocol, cipher, thumbprint, own, since, calls, busy, used, bytesRead, bytesWritten } =
    connection
  return (
    <tr data-connection={direction}>
      <th scope="row">
        <code>{remoteAddress.replace(/^\[::ffff:([\d.]+)\]/, '$1')}</code>
        <span class="quiet below">
          {direction === 'incoming'
            ? `opened by the agent, to poll${port === undefined ? '' : ` port ${port}`}`
            : 'opened by the gateway, to call'}
        </span>
      </th>
      <td data-label="TLS">
        {protocol.replace('TLSv', 'TLS ')}
        {cipher !== undefined && <code class="quiet below">{cipher}</code>}
      </td>
      <td data-label="Age" class="time">
        <RelativeTime at={since} />
      </td>
      <td data-label="Calls" class="number">
        {calls.toLocaleString('en')}
      </td>
      <td data-label="Traffic" class="number">
        {formatBytes(bytesRead)} in
        <span class="quiet below">{formatBytes(bytesWritten)} out</span>
      </td>
      <td data-label="Use" class="time">
        {busy ? <span class="busy">a call is under way</span> : idleWords(used ?? since)}
      </td>
      <td data-label="Certificates">
        {thumbprint !== undefined && <ShortThumbprint value={thumbprint} />}
        {own !== undefined && (
          <span class="quiet below">
            ours: <ShortThumbprint value={own} />
          </span>
        )}
      </td>
    </tr>
  )
}

function idleWords(since: string): string {
  return `idle for ${durationInWords(now.value - Date.parse(since))}`
}

function whyNone({ mode, name, state }: AgentSnapshot): string {
  if (state === 'disabled') return `${name} is disabled, so that it has none.`
  if (mode === 'polling') return `${name} has none now. It opens one as soon as it polls this gateway.`
  return 'None is open now. The gateway opens one for the next call, and keeps it for a while for further ones.'
}
