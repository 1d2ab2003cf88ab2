import type { ComponentChildren } from 'preact'

/** Text that scrolls where it is long, also by keyboard. `label`: what it is, for who does not see it. */
export function ScrollArea(props: { label: string; class?: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area has to be reachable by keyboard
    <section class={`scroll-area ${props.class ?? ''}`} aria-label={props.label} tabIndex={0}>
      <pre>{props.children}</pre>
    </section>
  )
}
