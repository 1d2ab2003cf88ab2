import { Choices } from '../elements/choices.tsx'
import { Keys } from '../elements/keys.tsx'
import { Link } from '../elements/link.tsx'
import { closeMenu, Menu } from '../elements/menu.tsx'
import { palette, router, session, theme } from '../page.ts'
import { themes } from '../state/theme.ts'
import { ConnectionChip } from './connection.tsx'
import { Navigation } from './navigation.tsx'

/** Name, ways to the pages, the palette, how the connection is, and what is one’s own. */
export function Header() {
  const isSignedIn = session.client.value !== undefined
  return (
    <header class="top">
      <span class="brand">
        <img src="./icon.svg" alt="" width="28" height="28" />
        <span>Halibut Gateway</span>
      </span>
      {isSignedIn && <Navigation />}
      <span class="spacer" />
      {isSignedIn && (
        <button type="button" class="small find" aria-label="Find a command, an agent or a page" onClick={() => palette.open('palette')}>
          <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
            <path d="M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3l3.4 3.4" fill="none" stroke="currentColor" stroke-width="1.6" />
          </svg>
          <span class="word">Find</span> <Keys hotkey="Mod+K" />
        </button>
      )}
      {isSignedIn && session.may('agents.write') && (
        <Link to={{ page: 'attach', mode: 'listening' }} class="button small add" current={router.route.value.page === 'attach'}>
          Add<span class="more"> an agent</span>
        </Link>
      )}
      <ConnectionChip />
      <OwnMenu isSignedIn={isSignedIn} />
    </header>
  )
}

const themeNames = { auto: 'as the system', light: 'light', dark: 'dark' } as const

/** What is a matter of who looks: colours, keys, and to sign out. */
function OwnMenu({ isSignedIn }: { isSignedIn: boolean }) {
  const state = session.connection.value
  const who = state.at === 'connected' ? state.welcome.principal : undefined
  return (
    <Menu
      id="own-menu"
      label="You and this page"
      shown={
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
          <path d="M2 4h12M2 8h12M2 12h12" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" />
        </svg>
      }
    >
      {who && (
        <p>
          Signed in as <b>{who.name}</b>, {who.role}
        </p>
      )}
      <div class="field">
        <span class="label">Colours</span>
        <Choices
          label="Colours"
          all={themes.map(each => themeNames[each])}
          chosen={themeNames[theme.value]}
          onChoose={name => {
            theme.value = themes.find(each => themeNames[each] === name) ?? 'auto'
          }}
        />
      </div>
      <button
        type="button"
        class="plain"
        onClick={event => {
          closeMenu(event.currentTarget)
          palette.open('help')
        }}
      >
        Keyboard shortcuts <Keys hotkey="?" />
      </button>
      {isSignedIn && (
        <button
          type="button"
          class="plain"
          onClick={event => {
            closeMenu(event.currentTarget)
            session.signOut()
          }}
        >
          Sign out
        </button>
      )}
    </Menu>
  )
}
