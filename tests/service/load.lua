-- For wrk: pages, items and cache entries in turn, and every LEAK_EVERY
-- requests (0: never) a leak of LEAK_BYTES.
local n = 0
local every = tonumber(os.getenv("LEAK_EVERY") or "0")
local bytes = os.getenv("LEAK_BYTES") or "32768"

request = function()
   n = n + 1
   if every > 0 and n % every == 0 then
      return wrk.format("GET", "/leak?n=" .. bytes)
   elseif n % 3 == 0 then
      return wrk.format("GET", "/page?n=" .. 20 + n % 50)
   elseif n % 3 == 1 then
      return wrk.format("GET", "/items?n=" .. 10 + n % 40)
   end
   return wrk.format("GET", "/cache?k=" .. n * 7 % 300)
end
