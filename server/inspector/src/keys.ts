import { isMac } from './browser/platform.ts'
import { createHotkeyReader } from './commands/hot-keys.ts'
import { commands } from './page.ts'

/** What the keyboard does wherever one is: each hot key runs its command. */
export function startKeys(): void {
  const reader = createHotkeyReader({ isMac })
  document.addEventListener('keydown', event => {
    // A sheet over the page has keys of its own, and so has who writes a letter of several presses.
    if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return
    const isTyping = isEditable(event.target)
    const command = commands.byHotkey(reader.read(event, isTyping), isTyping)
    if (!command) return
    event.preventDefault()
    if (!event.repeat) command.run()
  })
}

const withoutText = ['checkbox', 'radio', 'button', 'submit', 'file', 'range', 'color']

function isEditable(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !withoutText.includes(target.type)
  return target.closest('textarea, select, [contenteditable]') !== null
}
