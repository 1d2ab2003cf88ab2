import type { ComponentChildren } from 'preact'
import { formatRoute, type Route } from '../address/route.ts'
import { router } from '../page.ts'

/** A link to another place of the page. */
export function Link(props: { to: Route; class?: string; current?: boolean; children: ComponentChildren }) {
  return (
    <a
      href={formatRoute(props.to)}
      class={props.class}
      aria-current={props.current ? 'page' : undefined}
      onClick={event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
        event.preventDefault()
        router.go(props.to)
      }}
    >
      {props.children}
    </a>
  )
}
