import { ClonesCard } from '../../groups/clones-card.tsx'
import { trust } from '../../page.ts'

/** Agents that several machines are at the same time, or would be if nobody kept some of them out. */
export function Clones() {
  const clones = trust.clones.value
  if (clones.length === 0) return null
  return (
    <section aria-label="Both alive" class="section">
      <h2>Both alive</h2>
      {clones.map(each => (
        <ClonesCard key={`${each.subscription} ${each.thumbprint}`} clones={each} />
      ))}
    </section>
  )
}
