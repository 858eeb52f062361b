import { useEffect, useState } from 'react';

/** False for the first `milliseconds`, then true: a skeleton that would only flash is not drawn. Default 150. */
export function useDelayed(milliseconds = 150): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), milliseconds);
    return () => clearTimeout(timer);
  }, [milliseconds]);
  return passed;
}
