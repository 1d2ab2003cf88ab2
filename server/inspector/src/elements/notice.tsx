import type { ComponentChildren } from 'preact'

/** The page when there is nothing to show: why, and what to do. */
export function Notice(props: { title: string; busy?: boolean | undefined; children?: ComponentChildren }) {
  return (
    <main class="notice" id="main" tabIndex={-1} aria-busy={props.busy}>
      {props.busy && <span class="spinner" aria-hidden="true" />}
      <h1>{props.title}</h1>
      {props.children}
    </main>
  )
}
