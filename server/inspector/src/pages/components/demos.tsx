import { GatewayError } from '@halibut-gateway/client'
import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useRef } from 'preact/hooks'
import { agentStates } from '../../address/route.ts'
import { AgentLink } from '../../elements/agent-link.tsx'
import { Choices } from '../../elements/choices.tsx'
import { Command } from '../../elements/command.tsx'
import { Compared } from '../../elements/compared.tsx'
import { CopyButton } from '../../elements/copy-button.tsx'
import { Dialog } from '../../elements/dialog.tsx'
import { Empty } from '../../elements/empty.tsx'
import { Keys } from '../../elements/keys.tsx'
import { lazy } from '../../elements/lazy.tsx'
import { Link } from '../../elements/link.tsx'
import { Loading } from '../../elements/loading.tsx'
import { Menu } from '../../elements/menu.tsx'
import { Notice } from '../../elements/notice.tsx'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { ScrollArea } from '../../elements/scroll-area.tsx'
import { SecondThought } from '../../elements/second-thought.tsx'
import { StateBadge, StateShape } from '../../elements/state-badge.tsx'
import { still } from '../../elements/still.ts'
import { TextField } from '../../elements/text-field.tsx'
import { ShortThumbprint, Thumbprint } from '../../elements/thumbprint.tsx'
import { Toasts } from '../../elements/toasts.tsx'
import { useAction } from '../../elements/use-action.ts'
import { useMedia } from '../../elements/use-media.ts'
import { useVirtualRows } from '../../elements/use-virtual-rows.ts'
import { VirtualList } from '../../elements/virtual-list.tsx'
import { now } from '../../state/clock.ts'

/** A file of `elements` with what it is for and each of its states. */
interface Demo {
  readonly file: string
  readonly about: string
  readonly states: Readonly<Record<string, ComponentType>>
}

const thumbprint = '0F1E2D3C4B5A69788796A5B4C3D2E1F00F1E2D3C'
const nothing = (): void => undefined
const StillRow = still(({ name }: { name: string }) => <p>{name}</p>)
const Soon = lazy('an example', () => Promise.resolve(() => <p>It is here.</p>))
const Broken = lazy('an example', () => Promise.reject<ComponentType>(new Error('away')))

/** By the names of the files. */
export const demos: readonly Demo[] = [
  {
    file: 'agent-link',
    about: 'Leads to the page of an agent.',
    states: {
      plain: () => <AgentLink id="web-1">web-1</AgentLink>,
      'as a button': () => (
        <AgentLink id="web-1" class="button">
          Look at web-1
        </AgentLink>
      ),
    },
  },
  {
    file: 'choices',
    about: 'One of a few, all of which are seen.',
    states: { plain: ChoicesDemo },
  },
  {
    file: 'command',
    about: 'Lines for a terminal.',
    states: {
      'one line': () => <Command lines={['halibut-gateway agents list']} what="the first command" />,
      'several lines, one of them long': () => (
        <Command
          lines={['halibut-gateway serve', `halibut-gateway agent --trust ${thumbprint} --poll https://127.0.0.1:10943/`]}
          what="the second command"
        />
      ),
    },
  },
  {
    file: 'compared',
    about: 'Somebody says that two things were compared.',
    states: { open: () => <ComparedDemo isCompared={false} />, done: () => <ComparedDemo isCompared /> },
  },
  {
    file: 'copy-button',
    about: 'Copies something, and says so.',
    states: {
      plain: () => <CopyButton text="web-1" what="the name" />,
      'with a word': () => <CopyButton text="web-1" what="the id" label="Copy" />,
    },
  },
  { file: 'dialog', about: 'A sheet over the page.', states: { plain: DialogDemo } },
  {
    file: 'empty',
    about: 'A list that has nothing in it.',
    states: {
      'all is well': () => <Empty title="Nothing needs a person" />,
      'with what to do': () => (
        <Empty title="No calls are saved yet">
          <p>Make a call, and save it with its answer.</p>
        </Empty>
      ),
    },
  },
  {
    file: 'keys',
    about: 'A hot key.',
    states: { together: () => <Keys hotkey="Mod+Shift+P" />, 'one after the other': () => <Keys hotkey="G A" /> },
  },
  {
    file: 'lazy',
    about: 'What is loaded when it is first shown.',
    states: { loaded: () => <Soon />, 'not to be had': () => <Broken /> },
  },
  {
    file: 'link',
    about: 'Leads to another place of the page.',
    states: {
      plain: () => <Link to={{ page: 'overview' }}>Overview</Link>,
      'as a button': () => (
        <Link to={{ page: 'overview' }} class="button primary">
          Go to the overview
        </Link>
      ),
    },
  },
  { file: 'loading', about: 'What was asked for has not come yet.', states: { plain: () => <Loading what="the certificates" /> } },
  {
    file: 'menu',
    about: 'A small sheet under its button.',
    states: {
      plain: () => (
        <Menu id="demo-menu" label="An example of a menu" shown="Open">
          <p>Something to choose.</p>
        </Menu>
      ),
    },
  },
  {
    file: 'notice',
    about: 'A page, or a part of one, when there is nothing to show.',
    states: {
      plain: () => (
        <Notice title="There is no agent web-99" isPart>
          <p>It was removed, or its name is written otherwise.</p>
        </Notice>
      ),
      busy: () => <Notice title="Connecting to the gateway" busy isPart />,
    },
  },
  {
    file: 'problem-box',
    about: 'What went wrong, and what to do next.',
    states: {
      'of the gateway': () => <ProblemBox error={new GatewayError('connect_refused', 'nothing listens at https://web-1:10933/')} />,
      'of something else': () => <ProblemBox error={new Error('the file has no lines')} />,
      'with a way on': () => (
        <ProblemBox error={new GatewayError('storage_failed', 'the disk takes nothing')}>
          <button type="button" class="small">
            Try again
          </button>
        </ProblemBox>
      ),
    },
  },
  {
    file: 'relative-time',
    about: 'How long ago.',
    states: {
      seconds: () => <RelativeTime at={now.peek() - 5_000} after=" ago" />,
      days: () => <RelativeTime at={now.peek() - 400_000_000} after=" ago" />,
    },
  },
  {
    file: 'scroll-area',
    about: 'Text that scrolls, by keyboard too.',
    states: {
      long: () => <ScrollArea label="a long text">{'one line that is longer than the place that there is for it, '.repeat(4)}</ScrollArea>,
    },
  },
  {
    file: 'second-thought',
    about: 'What cannot be taken back is asked twice.',
    states: {
      plain: () => <SecondThought ask="Remove…" act="Remove it for good" busy={false} onAct={nothing} />,
    },
  },
  {
    file: 'state-badge',
    about: 'The state of an agent, by shape, colour and name.',
    states: Object.fromEntries(
      agentStates.map(state => [
        state,
        () => (
          <span class="row">
            <StateBadge state={state} /> <StateShape state={state} />
          </span>
        ),
      ]),
    ),
  },
  { file: 'steps', about: 'Where the arrow keys, Page Up, Page Down, Home and End lead in a list.', states: { 'in a list': ListDemo } },
  {
    file: 'still',
    about: 'A row that is drawn anew only when what it shows is another one.',
    states: { plain: () => <StillRow name="web-1" /> },
  },
  {
    file: 'text-field',
    about: 'A line of text with its label.',
    states: {
      empty: () => <TextFieldDemo id="demo-empty" given="" />,
      filled: () => <TextFieldDemo id="demo-filled" given="web-1" />,
      wrong: () => <TextFieldDemo id="demo-wrong" given="web 1" isWrong />,
    },
  },
  {
    file: 'thumbprint',
    about: 'Who a certificate is, to be compared by eye.',
    states: { whole: () => <Thumbprint value={thumbprint} />, short: () => <ShortThumbprint value={thumbprint} /> },
  },
  { file: 'toasts', about: 'What is told in passing.', states: { 'a good one and a bad one': ToastsDemo } },
  { file: 'use-action', about: 'What a button asks for, and what became of it.', states: { 'done, or not': ActionDemo } },
  {
    file: 'use-asked',
    about: 'What a part of a page asks the gateway for while it is shown.',
    states: { 'while it is asked': () => <Loading what="the certificates" /> },
  },
  {
    file: 'use-focus-after',
    about: 'Where the focus goes when what was pressed is gone.',
    states: { 'asked, and taken back': () => <SecondThought ask="End it…" act="End it now" busy={false} onAct={nothing} /> },
  },
  { file: 'use-media', about: 'Whether there is much room.', states: { 'this window': MediaDemo } },
  { file: 'use-virtual-rows', about: 'A long list, of which only what is seen is there.', states: { 'ten thousand rows': RowsDemo } },
  { file: 'virtual-list', about: 'A long list with the keys of one.', states: { 'ten thousand rows': ListDemo } },
]

function ChoicesDemo() {
  const chosen = useSignal<'hex' | 'text' | 'base64'>('hex')
  return (
    <Choices
      label="An example"
      all={['hex', 'text', 'base64']}
      chosen={chosen.value}
      onChoose={choice => {
        chosen.value = choice
      }}
    />
  )
}

function ComparedDemo({ isCompared }: { isCompared: boolean }) {
  const compared = useSignal(isCompared)
  return <Compared compared={compared}>The machine itself tells this thumbprint</Compared>
}

function DialogDemo() {
  const isOpen = useSignal(false)
  const close = (): void => {
    isOpen.value = false
  }
  return (
    <>
      <button
        type="button"
        onClick={() => {
          isOpen.value = true
        }}
      >
        Open it
      </button>
      {isOpen.value && (
        <Dialog label="An example" class="help" onClose={close}>
          <h2>An example</h2>
          <p>Escape closes it, and so does a press beside it.</p>
        </Dialog>
      )}
    </>
  )
}

function TextFieldDemo({ id, given, isWrong = false }: { id: string; given: string; isWrong?: boolean }) {
  const text = useSignal(given)
  return (
    <TextField label="Name" id={id} text={text} placeholder="web-1" aria-invalid={isWrong} aria-describedby={`${id}-note`}>
      <p class={isWrong ? 'problem' : 'hint'} id={`${id}-note`}>
        {isWrong ? 'A name has no spaces.' : 'As programs name it.'}
      </p>
    </TextField>
  )
}

function ToastsDemo() {
  return (
    <div class="demo-toasts">
      <Toasts
        notes={[
          { id: 1, text: 'The link is copied', kind: 'good' },
          { id: 2, text: 'The collection was not saved: the browser has no room', kind: 'bad' },
        ]}
        onDismiss={nothing}
      />
    </div>
  )
}

function ActionDemo() {
  const action = useAction()
  return (
    <div class="field">
      <div class="row">
        <button type="button" disabled={action.isBusy.value} onClick={() => void action.run(() => Promise.resolve())}>
          This works
        </button>
        <button type="button" disabled={action.isBusy.value} onClick={() => void action.run(() => Promise.reject(new Error('it did not')))}>
          This does not
        </button>
      </div>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
    </div>
  )
}

function MediaDemo() {
  return <p>{useMedia('(min-width: 60rem)') ? 'There is room for two things side by side.' : 'One thing stands below the other.'}</p>
}

function RowsDemo() {
  const scroller = useRef<HTMLElement>(null)
  const { items, totalHeight } = useVirtualRows(scroller, 10_000, 28, -1)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area has to be reachable by keyboard
    <section ref={scroller} class="demo-rows" tabIndex={0} aria-label="Ten thousand rows">
      <div style={{ height: `${totalHeight}px` }}>
        {items.map(({ index, start }) => (
          <p key={index} style={{ transform: `translateY(${start}px)` }}>
            row {index + 1}
          </p>
        ))}
      </div>
    </section>
  )
}

const numbers = Array.from({ length: 10_000 }, (_, i) => i + 1)

function ListDemo() {
  return (
    <div class="demo-list">
      <VirtualList
        label="Ten thousand numbers"
        rows={numbers}
        rowHeight={28}
        keyOf={number => number}
        row={(number, tabIndex) => (
          <button type="button" class="plain" data-row tabIndex={tabIndex}>
            number {number}
          </button>
        )}
      />
    </div>
  )
}
