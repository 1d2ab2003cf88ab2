import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { tidyToken } from '../../address/token.ts'
import { session } from '../../page.ts'

/** Asks for a token, and says what was wrong with the last one. */
export function SignInPage() {
  const text = useSignal('')
  const field = useRef<HTMLInputElement>(null)
  const refusal = session.refusal.value
  const provider = session.provider.value
  useEffect(() => field.current?.focus(), [])
  const token = tidyToken(text.value)
  return (
    <main class="sign-in" id="main" tabIndex={-1}>
      <form
        class="panel"
        aria-label="Sign in"
        onSubmit={event => {
          event.preventDefault()
          if (token !== undefined) session.signIn(token)
        }}
      >
        <h1>Sign in</h1>
        {refusal && (
          <div class="problem-box" role="alert">
            <p class="message">The gateway did not take this token: {refusal.message}.</p>
            <p>
              It was cut while it was copied, it has expired, somebody revoked it, or the gateway has been started anew and its start token
              with it.
            </p>
          </div>
        )}
        {provider && (
          <>
            <a class="button primary" href={provider.signIn}>
              Sign in with {provider.name}
            </a>
            <p class="or quiet">or with a token</p>
          </>
        )}
        <div class="field">
          <label for="token">Token</label>
          <input
            ref={field}
            id="token"
            type="password"
            class="mono"
            autocomplete="off"
            spellcheck={false}
            value={text.value}
            aria-describedby="token-note"
            onInput={event => {
              text.value = event.currentTarget.value
            }}
          />
          <p class="hint" id="token-note">
            It begins with <code>hgw_</code>. The whole address that the gateway printed may be pasted too. It stays in this tab and is gone
            when you close it.
          </p>
        </div>
        <div class="row">
          <button type="submit" class="primary" disabled={token === undefined}>
            Sign in
          </button>
        </div>
        <details open={refusal !== undefined}>
          <summary>How to get one</summary>
          <ul class="bullets">
            <li>
              The gateway prints an address that ends in <code>#token=…</code> when it starts: open it, or paste it here.
            </li>
            <li>
              Somebody with the role admin makes one with <code>halibut-gateway token create</code>, and says what you may do and until
              when.
            </li>
          </ul>
        </details>
      </form>
    </main>
  )
}
