import type { ComponentChildren } from 'preact'

/** The page when there is nothing to show: why, and what to do. `isPart`: in a part of a page, which has a heading of its own. */
export function Notice(props: { title: string; busy?: boolean | undefined; isPart?: boolean; children?: ComponentChildren }) {
  const content = (
    <>
      {props.busy && <span class="spinner" aria-hidden="true" />}
      {props.isPart ? <h3>{props.title}</h3> : <h1>{props.title}</h1>}
      {props.children}
    </>
  )
  return props.isPart ? (
    <section class="notice" aria-label={props.title} aria-busy={props.busy}>
      {content}
    </section>
  ) : (
    <main class="notice" id="main" tabIndex={-1} aria-busy={props.busy}>
      {content}
    </main>
  )
}
