-- Sixteen requests in one write.
init = function(args)
    local requests = {}
    for place = 1, 16 do requests[place] = wrk.format("GET") end
    batch = table.concat(requests)
end
request = function() return batch end
