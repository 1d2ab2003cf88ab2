import { options } from 'preact'
import type { Activity } from '../state/activity.ts'

/** Lets the page say on its root element that it is idle, with the attribute `data-idle`. */
export function tellIdle(isIdle: boolean): void {
  document.documentElement.toggleAttribute('data-idle', isIdle)
}

/** Resolves when what is under way is drawn, the effects of that have begun, and nothing moves any more that will stand still. */
export async function settled(): Promise<void> {
  for (;;) {
    // Effects run after the frame of what they belong to.
    for (let frame = 0; frame < 2; frame++) await new Promise<void>(nextFrame)
    await new Promise(resolve => setTimeout(resolve))
    const moving = document.getAnimations().filter(willStandStill)
    if (moving.length === 0) return
    await Promise.allSettled(moving.map(animation => animation.finished))
  }
}

/** A tab that nobody sees draws no frames. */
function nextFrame(run: () => void): void {
  if (document.hidden) setTimeout(run)
  else requestAnimationFrame(run)
}

function willStandStill(animation: Animation): boolean {
  return animation.playState === 'running' && Number.isFinite(Number(animation.effect?.getComputedTiming().endTime))
}

/** Counts what is drawn and what moves. */
export function startActivity(activity: Activity): void {
  options.debounceRendering = redraw => {
    const end = activity.begin()
    queueMicrotask(() => {
      try {
        redraw()
      } finally {
        end()
      }
    })
  }
  for (const name of ['transitionrun', 'animationstart'] as const) document.addEventListener(name, () => activity.stirred())
  activity.stirred()
}
