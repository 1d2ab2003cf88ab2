import { CopyButton } from './copy-button.tsx'

/** Lines to paste into a terminal. */
export function Command({ lines, what }: { lines: readonly string[]; what: string }) {
  return (
    <div class="command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area has to be reachable by keyboard */}
      <section tabIndex={0} aria-label={what}>
        <pre>{lines.join('\n')}</pre>
      </section>
      <CopyButton text={lines.join('\n')} what={what} />
    </div>
  )
}
