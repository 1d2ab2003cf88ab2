import { useSignal } from '@preact/signals'
import { Command } from '../../elements/command.tsx'
import type { AttachWay } from '../../values/attach-commands.ts'

/** The ways to set up an agent, one of which is shown. */
export function Ways({ ways, label }: { ways: readonly AttachWay[]; label: string }) {
  const at = useSignal(0)
  const way = ways[at.value] ?? ways[0]
  if (!way) return null
  return (
    <div class="ways-to">
      <fieldset class="choices" aria-label={label}>
        {ways.map((each, i) => (
          <button
            type="button"
            class="small"
            key={each.title}
            aria-pressed={each === way}
            onClick={() => {
              at.value = i
            }}
          >
            {each.title}
          </button>
        ))}
      </fieldset>
      <p class="hint">{way.about}</p>
      <Command lines={way.lines} what={`the commands for ${way.title.toLowerCase()}`} />
    </div>
  )
}
