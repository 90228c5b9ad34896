-- POST /forgot-password, each for another address nobody has.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local sender, number = tostring({}):gsub("%W", ""), 0
request = function()
    number = number + 1
    return wrk.format(nil, nil, nil, '{"email":"' .. sender .. number .. '@example.com"}')
end
