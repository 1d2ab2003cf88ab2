import { useLayoutEffect, useRef } from 'preact/hooks'
import { Link } from '../elements/link.tsx'
import { router } from '../page.ts'
import { openWays, type Way } from '../ways.ts'

/** The ways to the pages that who is signed in may see something on. */
export function Navigation() {
  const { page } = router.route.value
  const nav = useRef<HTMLElement>(null)
  // On a phone the ways are wider than the screen.
  useLayoutEffect(() => nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [page])
  return (
    <nav ref={nav} class="ways" aria-label="Pages">
      {openWays().map(({ name, to, pages, mark }) => (
        <Link key={name} to={to()} current={pages.includes(page)}>
          {name}
          {mark && <Mark {...mark()} />}
        </Link>
      ))}
    </nav>
  )
}

function Mark({ count, what, kind }: ReturnType<NonNullable<Way['mark']>>) {
  if (count === 0) return null
  return (
    <span class={`mark ${kind}`} title={what}>
      {count.toLocaleString('en')}
      <span class="off-screen"> {what.replace(/^[\d,]+ /, '')}</span>
    </span>
  )
}
