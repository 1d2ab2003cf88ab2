import { Component, type ComponentChild, type FunctionComponent, h } from 'preact'

/** The same component, which is not drawn anew as long as its properties are the same: for rows of a list, of which few change at a time. */
export function still<P extends object>(shown: FunctionComponent<P>): FunctionComponent<P> {
  class Still extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return (Object.keys(next) as (keyof P)[]).some(key => next[key] !== this.props[key])
    }

    render(): ComponentChild {
      return h(shown, this.props)
    }
  }
  return Still as unknown as FunctionComponent<P>
}
