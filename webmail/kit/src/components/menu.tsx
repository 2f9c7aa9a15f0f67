import { Menu, type MenuProps } from '@mantine/core'
import { cloneElement, useEffect, useState, type HTMLAttributes, type ReactElement, type RefAttributes } from 'react'

interface Props extends MenuProps {
  button: ReactElement<HTMLAttributes<HTMLButtonElement> & RefAttributes<HTMLButtonElement>>
}

/** It takes the place of the one that was clicked, and gets the focus back when the menu closes. */
const takeFocus = (button: HTMLButtonElement | null) => button?.focus({ preventScroll: true })

/** Opens once it is there: Mantine remembers where the focus was when a menu opens, not when it is open from the beginning. */
function Opening({ button, children, ...menu }: Props) {
  const [isOpen, setOpen] = useState(false)
  useEffect(() => setOpen(true), [])
  return (
    <Menu opened={isOpen} onChange={setOpen} {...menu}>
      <Menu.Target>{cloneElement(button, { ref: takeFocus })}</Menu.Target>
      {children}
    </Menu>
  )
}

/** A menu that is made when somebody first opens it: until then there is its button alone, for a closed menu costs a millisecond, and each folder has one. */
export function MenuOnDemand(props: Props) {
  const [isAsked, setAsked] = useState(false)
  return isAsked ? <Opening {...props} /> : cloneElement(props.button, { 'aria-haspopup': 'menu', 'aria-expanded': false, onClick: () => setAsked(true) })
}
