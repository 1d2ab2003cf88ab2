import { RelativeTime } from '../elements/relative-time.tsx'
import { Thumbprint } from '../elements/thumbprint.tsx'
import { counted } from '../values/format.ts'
import type { Mismatch } from '../values/refusal.ts'

/** A certificate that is not the pinned one: both, one above the other, so that they can be compared. */
export function MismatchBox({ mismatch, agent }: { mismatch: Mismatch; agent: string }) {
  const { expected, seen, facts } = mismatch
  return (
    <div class="mismatch">
      <p class="message">The certificate of {agent} is not the pinned one.</p>
      <dl class="grid-list">
        <dt>expected</dt>
        <dd>
          <Thumbprint value={expected} what="the expected thumbprint" />
        </dd>
        <dt>seen</dt>
        <dd>{seen === 'none' ? 'no certificate at all' : <Thumbprint value={seen} what="the seen thumbprint" />}</dd>
        {facts && (
          <>
            <dt>calls itself</dt>
            <dd>
              {facts.subject}
              <span class="quiet">{facts.issuer === facts.subject ? ' (made by itself)' : ` (made by ${facts.issuer})`}</span>
            </dd>
            <dt>how often</dt>
            <dd>
              {counted(facts.count, 'time')}, the first <RelativeTime at={facts.firstSeen} after=" ago" />
            </dd>
          </>
        )}
      </dl>
    </div>
  )
}
