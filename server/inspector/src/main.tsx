import { render } from 'preact'
import { App } from './components/app.tsx'
import { startGatewayState } from './gateway-state.ts'

const page = document.getElementById('page')
if (page) {
  startGatewayState()
  render(<App />, page)
}
