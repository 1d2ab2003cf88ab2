import { useSignal } from '@preact/signals'
import { AgentLink } from '../../elements/agent-link.tsx'
import { CopyButton } from '../../elements/copy-button.tsx'
import { Link } from '../../elements/link.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { ShortThumbprint } from '../../elements/thumbprint.tsx'
import { useAction } from '../../elements/use-action.ts'
import { useMedia } from '../../elements/use-media.ts'
import { VirtualList } from '../../elements/virtual-list.tsx'
import { Expiry } from '../../groups/expiry.tsx'
import { session, trust } from '../../page.ts'
import type { CertificateRow } from '../../values/certificate-rows.ts'

const rowHeight = 52
const narrowRowHeight = 128
const namedAgents = 3

/** Certificates of agents, as many as there are. */
export function CertificateList({ rows }: { rows: readonly CertificateRow[] }) {
  const isNarrow = useMedia('(max-width: 60rem)')
  const action = useAction()
  /** The one about which somebody is asked once more. */
  const asked = useSignal<string | undefined>(undefined)
  const decide = (method: 'trust.revoke' | 'trust.restore', thumbprint: string): void => {
    asked.value = undefined
    void action.run(() => trust.decide(method, { thumbprint }))
  }
  return (
    <div class="certificate-rows">
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <VirtualList
        label="Certificates of agents"
        class="certificate-list"
        rows={rows}
        rowHeight={isNarrow ? narrowRowHeight : rowHeight}
        keyOf={thumbprintOf}
        head={
          <div class="certificate-head" aria-hidden="true">
            <span>Agents</span>
            <span>Thumbprint</span>
            <span>Expires</span>
            <span>Seen last</span>
            <span />
          </div>
        }
        row={row => (
          <div class="certificate-row" data-certificate={row.known.thumbprint}>
            <Owners row={row} />
            <span class="print">
              <ShortThumbprint value={row.known.thumbprint} />
              <CopyButton text={row.known.thumbprint} what="the thumbprint" />
            </span>
            <Expiry at={row.expiresMs} />
            <Seen row={row} />
            <span class="row acts">
              {session.may('trust.write') && (
                <Acts
                  row={row}
                  isAsked={asked.value === row.known.thumbprint}
                  isBusy={action.isBusy.value}
                  onAsk={wants => {
                    asked.value = wants ? row.known.thumbprint : undefined
                  }}
                  onDecide={decide}
                />
              )}
            </span>
          </div>
        )}
      />
    </div>
  )
}

function Owners({ row: { known } }: { row: CertificateRow }) {
  const { agents } = known
  return (
    <span class="owners">
      {agents.length === 0 && <span class="quiet">of no agent any more</span>}
      {agents.slice(0, namedAgents).map((id, i) => (
        <span key={id}>
          {i > 0 && ', '}
          <AgentLink id={id}>{id}</AgentLink>
        </span>
      ))}
      {agents.length > namedAgents && ` and ${(agents.length - namedAgents).toLocaleString('en')} more`}
    </span>
  )
}

function Seen({ row: { known, isThere, isUnused } }: { row: CertificateRow }) {
  if (known.revoked !== undefined) {
    return (
      <b class="bad">
        revoked <RelativeTime at={known.revoked} after=" ago" />
      </b>
    )
  }
  if (isThere) return <span>now</span>
  if (known.lastSeen === undefined) return <span class="quiet">never</span>
  return (
    <span class={isUnused ? 'unused' : 'quiet'}>
      <RelativeTime at={known.lastSeen} after=" ago" />
      {isUnused && ': needed still?'}
    </span>
  )
}

interface ActsProps {
  readonly row: CertificateRow
  readonly isAsked: boolean
  readonly isBusy: boolean
  onAsk(wants: boolean): void
  onDecide(method: 'trust.revoke' | 'trust.restore', thumbprint: string): void
}

/** To take trust back is asked about twice: whoever has it is cut off at once. */
function Acts({ row, isAsked, isBusy, onAsk, onDecide }: ActsProps) {
  const { thumbprint, revoked, agents } = row.known
  if (revoked !== undefined) {
    return (
      <button type="button" class="small" disabled={isBusy} onClick={() => onDecide('trust.restore', thumbprint)}>
        Restore
      </button>
    )
  }
  if (isAsked) {
    return (
      <>
        <button type="button" class="small danger" disabled={isBusy} onClick={() => onDecide('trust.revoke', thumbprint)}>
          Revoke, and cut its connections
        </button>
        <button type="button" class="small" onClick={() => onAsk(false)}>
          Keep it
        </button>
      </>
    )
  }
  return (
    <>
      {agents.length === 1 && (
        <Link to={{ page: 'rotation', agent: agents[0] }} class="button small">
          Replace
        </Link>
      )}
      <button type="button" class="small" onClick={() => onAsk(true)}>
        Revoke…
      </button>
    </>
  )
}

function thumbprintOf({ known }: CertificateRow): string {
  return known.thumbprint
}
