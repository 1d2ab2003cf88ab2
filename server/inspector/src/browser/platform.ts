/** Whether the command key of a Mac is there. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)
