/** What can stand in a {@link Fifo}, in one at a time. */
export interface Linked<T extends Linked<T>> {
  /** The list’s own. */
  before: T | undefined
  after: T | undefined
  list: Fifo<T> | undefined
}

/** First in, first out, where any may leave from the middle at no more cost; an array would have to be searched, a set keeps holes. */
export class Fifo<T extends Linked<T>> {
  #first: T | undefined
  #last: T | undefined

  get first(): T | undefined {
    return this.#first
  }

  get last(): T | undefined {
    return this.#last
  }

  /** The member leaves the list that it is in. */
  push(member: T): void {
    member.list?.remove(member)
    member.list = this
    member.before = this.#last
    if (this.#last) this.#last.after = member
    else this.#first = member
    this.#last = member
  }

  shift(): T | undefined {
    const first = this.#first
    if (first) this.remove(first)
    return first
  }

  /** Nothing happens where it is not in this list. */
  remove(member: T): void {
    if (member.list !== this) return
    const { before, after } = member
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    member.before = member.after = member.list = undefined
  }
}
