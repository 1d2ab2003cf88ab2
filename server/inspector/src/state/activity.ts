/** What is under way on the page. It is idle when nothing is: what one sees then stays until somebody does something, or the gateway tells of something. */
export interface Activity {
  /** Something begins that changes what is shown; gives a function that ends it. */
  begin(): () => void
  /** The same for as long as a promise takes, which it gives back. */
  during<T>(work: Promise<T>): Promise<T>
  /** Looks again whether the page is idle: something has moved. */
  stirred(): void
}

/** What it is kept with. */
export interface ActivityOptions {
  /** Resolves when all that was begun is drawn, and nothing moves any more that will stand still. */
  readonly settled: () => Promise<void>
  /** Hears of each change. */
  readonly tell: (isIdle: boolean) => void
}

/** Keeps count of what is under way; the page is not idle before something was. */
export function createActivity({ settled, tell }: ActivityOptions): Activity {
  let open = 0
  /** Which look it is: one that something has come between counts no more. */
  let look = 0

  async function settle(): Promise<void> {
    const mine = ++look
    await settled()
    if (mine === look && open === 0) tell(true)
  }

  function begin(): () => void {
    if (open++ === 0) {
      look++
      tell(false)
    }
    let isOpen = true
    return () => {
      if (!isOpen) return
      isOpen = false
      if (--open === 0) void settle()
    }
  }

  return {
    begin,
    during: work => {
      const end = begin()
      work.then(end, end)
      return work
    },
    stirred: () => begin()(),
  }
}
