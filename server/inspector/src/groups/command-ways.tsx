import { useSignal } from '@preact/signals'
import { Choices } from '../elements/choices.tsx'
import { Command } from '../elements/command.tsx'
import type { AttachWay } from '../values/attach-commands.ts'

/** The ways to set up an agent, one of which is shown. */
export function CommandWays({ ways, label }: { ways: readonly AttachWay[]; label: string }) {
  const chosen = useSignal<string | undefined>(undefined)
  const way = ways.find(({ title }) => title === chosen.value) ?? ways[0]
  if (!way) return null
  return (
    <div class="ways-to">
      <Choices
        label={label}
        all={ways.map(({ title }) => title)}
        chosen={way.title}
        onChoose={title => {
          chosen.value = title
        }}
      />
      <p class="hint">{way.about}</p>
      <Command lines={way.lines} what={`the commands for ${way.title.toLowerCase()}`} />
    </div>
  )
}
