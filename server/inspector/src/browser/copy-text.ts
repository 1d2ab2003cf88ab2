/** Copies a text; false where the browser does not let the page. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Without HTTPS there is only the old way.
    const before = document.activeElement
    const area = Object.assign(document.createElement('textarea'), { value: text, className: 'off-screen' })
    // What is outside of a dialog that is open cannot be selected.
    const place = before?.closest('dialog') ?? document.body
    place.append(area)
    area.select()
    const isCopied = document.execCommand('copy')
    area.remove()
    // The keyboard goes on from where it was.
    if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    return isCopied
  }
}
