import { CopyButton } from './copy-button.tsx'
import { ScrollArea } from './scroll-area.tsx'

/** Lines to paste into a terminal. */
export function Command({ lines, what }: { lines: readonly string[]; what: string }) {
  return (
    <div class="command">
      <ScrollArea label={what}>{lines.join('\n')}</ScrollArea>
      <CopyButton text={lines.join('\n')} what={what} />
    </div>
  )
}
