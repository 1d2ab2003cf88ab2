import type { ComponentChildren } from 'preact'

/** Where one is with a step. */
export type StepState = 'done' | 'now' | 'later'

const marks: Readonly<Record<StepState, string>> = { done: '✓ done', now: 'now', later: 'later' }

/** A step of several: what it is called, what will happen before it does, and what there is to do. */
export function Step(props: { name: string; state: StepState; title: string; happens: ComponentChildren; children?: ComponentChildren }) {
  const { state } = props
  return (
    <li class={`panel step ${state}`} data-step={props.name} data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
      <div class="row wrap">
        <h2>{props.title}</h2>
        <span class={state === 'later' ? 'quiet' : `chip ${state === 'done' ? 'good' : 'wait'}`}>{marks[state]}</span>
      </div>
      <p class="happens">{props.happens}</p>
      {props.children}
    </li>
  )
}
