import { table } from '../../page.ts'
import { counted } from '../../values/format.ts'

/** What has changed about a list that somebody is in, and a button that shows it. It lies over the end of the list, so that nothing moves for it. */
export function HeldNotice() {
  const { came, left, moved } = table.held.value
  const news = [
    came > 0 && `${counted(came, 'agent')} to come in`,
    left > 0 && `${left.toLocaleString('en')} to go out`,
    moved > 0 && `${moved.toLocaleString('en')} in another place`,
  ].filter(each => each !== false)
  return (
    <div class="held" role="status">
      {news.length > 0 && (
        <>
          <span>The list keeps still while you are in it: {news.join(', ')}.</span>
          <button type="button" class="small" onMouseDown={event => event.preventDefault()} onClick={event => refresh(event.currentTarget)}>
            Bring it up to date
          </button>
        </>
      )}
    </div>
  )
}

/** The button is gone then: who came to it by keyboard is back in the list. */
function refresh(button: HTMLElement): void {
  const frame = button.closest('.list-frame')
  if (document.activeElement === button) frame?.querySelector<HTMLElement>('[data-row][tabindex="0"]')?.focus({ preventScroll: true })
  table.refresh()
}
