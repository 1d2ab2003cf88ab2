import type { AuditEntryAnswer, MethodResult } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type AuditView, wholeAudit } from '../../address/route.ts'
import { AgentLink } from '../../elements/agent-link.tsx'
import { Command } from '../../elements/command.tsx'
import { CopyButton } from '../../elements/copy-button.tsx'
import { Link } from '../../elements/link.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { useAction } from '../../elements/use-action.ts'
import { agents, session } from '../../page.ts'
import { hashCommand, leftOut } from '../../values/audit-words.ts'
import { fullMoment } from '../../values/moments.ts'

type Detail = MethodResult<'audit.get'>

/** One entry with all that is known of it, its place in the chain, and those beside it. */
export function AuditEntryView(props: { sequence: number; query: AuditView; isAlone: boolean }) {
  const { sequence, query } = props
  const detail = useSignal<Detail | undefined>(undefined)
  const action = useAction()
  const client = session.client.value
  useEffect(() => {
    void action.run(async () => {
      detail.value = await session.request('audit.get', { sequence })
    })
  }, [sequence, client])
  const known = detail.value
  return (
    <section class="audit-entry panel" aria-label={`Entry ${sequence}`} data-detail={sequence}>
      <div class="row wrap">
        <h2>Entry {sequence.toLocaleString('en')}</h2>
        <span class="spacer" />
        <Link to={{ page: 'audit', query, entry: undefined }} class="button small">
          {props.isAlone ? 'Back to the list' : 'Close'}
        </Link>
      </div>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      {!known && action.problem.value === undefined && <p class="hint">Asking the gateway.</p>}
      {known && (
        <>
          <What entry={known.entry} />
          <Chain detail={known} query={query} />
        </>
      )}
    </section>
  )
}

function What({ entry }: { entry: AuditEntryAnswer }) {
  const { time, who, role, action, agent, outcome, facts = {}, traceId } = entry
  const missing = leftOut(action)
  const only = (change: Partial<AuditView>) => ({ page: 'audit', query: { ...wholeAudit, ...change }, entry: undefined }) as const
  return (
    <dl class="grid-list">
      <dt>when</dt>
      <dd>
        {fullMoment(time)}{' '}
        <span class="quiet">
          <RelativeTime at={time} after=" ago" />
        </span>
      </dd>
      <dt>who</dt>
      <dd>
        <Link to={only({ who })}>{who}</Link>
        {role !== undefined && <span class="quiet"> as {role}</span>}
      </dd>
      <dt>what</dt>
      <dd>
        <Link to={only({ action })}>
          <code>{action}</code>
        </Link>
      </dd>
      {agent !== undefined && (
        <>
          <dt>agent</dt>
          <dd>
            <Link to={only({ agent })}>{agent}</Link>
            {agents.get(agent) && (
              <>
                {' '}
                (<AgentLink id={agent}>its page</AgentLink>)
              </>
            )}
          </dd>
        </>
      )}
      <dt>outcome</dt>
      <dd>
        <b class={outcome === 'done' ? 'good' : 'bad'}>{outcome}</b>
      </dd>
      {Object.entries(facts).map(([name, value]) => (
        <FactRow key={name} name={name} value={String(value)} />
      ))}
      {traceId !== undefined && <FactRow name="trace" value={traceId} />}
      {missing !== undefined && (
        <>
          <dt>not kept</dt>
          <dd>
            <span class="redacted" aria-hidden="true">
              ▒▒▒▒▒▒
            </span>{' '}
            <span class="quiet">{missing}: never written down, so that no secret can be read here</span>
          </dd>
        </>
      )}
    </dl>
  )
}

function FactRow({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
        <CopyButton text={value} what={`the ${name}`} />
      </dd>
    </>
  )
}

function Chain({ detail, query }: { detail: Detail; query: AuditView }) {
  const { entry, atMs, text, before, after, previousHash, follows } = detail
  return (
    <div class="chain">
      <h3>Its place in the chain</h3>
      <ol>
        <Neighbour entry={after} query={query} otherwise="It is the newest entry." />
        <li class={follows === false ? 'link broken' : 'link'}>
          <p>
            <b>
              {follows === undefined
                ? 'Whether its hash follows cannot be told: the entry before it is missing.'
                : follows
                  ? '✓ Its hash follows from what is written and from the hash before.'
                  : '✗ Its hash does not follow: it, or the entry before it, was changed.'}
            </b>
          </p>
          <p class="hash">
            <code class="long">{entry.hash}</code>
            <CopyButton text={entry.hash} what="the hash" />
          </p>
          <details>
            <summary>What the hash is made of</summary>
            <p class="hint">The hash before, the number, the time in milliseconds, and the text as it is stored:</p>
            <pre class="stored">{text}</pre>
            {previousHash !== undefined && (
              <>
                <p class="hint">Anybody can compute it:</p>
                <Command lines={[hashCommand(previousHash, entry.sequence, atMs, text)]} what="the command that computes the hash" />
              </>
            )}
          </details>
        </li>
        <Neighbour
          entry={before}
          query={query}
          otherwise={entry.sequence === 1 ? 'It is the first entry there ever was.' : 'The entry before it was forgotten with the time.'}
        />
      </ol>
    </div>
  )
}

function Neighbour({ entry, query, otherwise }: { entry: AuditEntryAnswer | undefined; query: AuditView; otherwise: string }) {
  if (!entry) return <li class="quiet">{otherwise}</li>
  return (
    <li>
      <Link to={{ page: 'audit', query, entry: entry.sequence }} class="neighbour">
        <span class="mono">{entry.sequence}</span> {entry.who} · <span class="mono">{entry.action}</span>
        {entry.agent !== undefined && ` · ${entry.agent}`} · {entry.outcome}
      </Link>
      <code class="long quiet">{entry.hash}</code>
    </li>
  )
}
